/** Lets a page or a worker do what else there is: no task shall be long. */
export const nextTask = (): Promise<void> => new Promise(resolve => setTimeout(resolve));
