/** The mean of the values so far at each of them, the newest of which count most. */
export function runningMean(values: readonly number[]): Float64Array {
  const made = new Float64Array(values.length);
  let [mean, weight] = [0, 0];
  for (const [i, value] of values.entries()) {
    mean = 0.9 * mean + 0.1 * value;
    weight = 0.9 * weight + 0.1;
    made[i] = mean / weight;
  }
  return made;
}
