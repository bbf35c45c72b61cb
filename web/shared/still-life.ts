/**
 * The built-in scene: a still life that moves slowly. A draped cloth, fruit, a cup, and a hand that comes and
 * goes, in changing light. The network sees soft greys, so the scene consists of large light and dark shapes
 * without fine detail. All lengths are fractions of the picture's side.
 */

type Colour = readonly [number, number, number];

interface Light {
  /** The position of the light, and its strength. */
  x: number;
  y: number;
  strength: number;
}

const TAU = Math.PI * 2;
const oscillate = (seconds: number, period: number, phase = 0) => Math.sin((seconds / period + phase) * TAU);

function shade([r, g, b]: Colour, amount: number, alpha = 1): string {
  const part = (value: number) => Math.round(Math.max(0, Math.min(255, value * amount)));
  return `rgb(${part(r)} ${part(g)} ${part(b)} / ${alpha})`;
}

/** Draws the scene at a time in seconds, onto a square of `side` pixels. */
export function drawStillLife(context: CanvasRenderingContext2D, side: number, seconds: number): void {
  context.save();
  context.scale(side, side);
  const light: Light = {
    x: 0.5 + 0.42 * oscillate(seconds, 41),
    y: 0.08 + 0.08 * oscillate(seconds, 29),
    strength: 0.92 + 0.1 * oscillate(seconds, 17),
  };
  drawRoom(context, light);
  context.translate(0.5, 0.62);
  context.rotate(0.02 * oscillate(seconds, 37));
  const zoom = 1.06 + 0.06 * oscillate(seconds, 47);
  context.scale(zoom, zoom);
  context.translate(-0.5 + 0.04 * oscillate(seconds, 31), -0.62);
  drawTabletop(context, light);
  drawCloth(context, light, seconds);
  drawObjects(context, light, seconds);
  drawHand(context, light, seconds);
  context.restore();
}

function drawRoom(context: CanvasRenderingContext2D, light: Light): void {
  const wall = context.createRadialGradient(light.x, light.y + 0.1, 0.02, light.x, 0.3, 0.95);
  wall.addColorStop(0, shade([196, 202, 200], light.strength));
  wall.addColorStop(0.45, shade([104, 112, 116], light.strength));
  wall.addColorStop(1, shade([30, 34, 40], 1));
  context.fillStyle = wall;
  context.fillRect(0, 0, 1, 1);
}

function drawTabletop(context: CanvasRenderingContext2D, light: Light): void {
  const wood = context.createLinearGradient(light.x, 0.55, 1 - light.x, 1.1);
  wood.addColorStop(0, shade([150, 104, 66], light.strength));
  wood.addColorStop(1, shade([52, 33, 22], 1));
  context.fillStyle = wood;
  context.fillRect(-0.5, 0.6, 2, 0.9);
  context.fillStyle = shade([20, 14, 10], 1, 0.35);
  context.fillRect(-0.5, 0.592, 2, 0.014);
}

function drawCloth(context: CanvasRenderingContext2D, light: Light, seconds: number): void {
  const folds = 7;
  for (let fold = 0; fold < folds; fold++) {
    const sway = 0.016 * oscillate(seconds, 11, fold * 0.13);
    const left = -0.1 + fold * 0.085 + sway;
    const top = 0.66 + 0.025 * Math.sin(fold * 1.9);
    const cloth = context.createLinearGradient(left, 0, left + 0.11, 0);
    cloth.addColorStop(0, shade([176, 178, 184], 0.78));
    cloth.addColorStop(0.4, shade([226, 224, 216], light.strength));
    cloth.addColorStop(1, shade([150, 152, 164], 0.78));
    context.fillStyle = cloth;
    context.beginPath();
    context.moveTo(left, top);
    context.bezierCurveTo(left + 0.05, top - 0.03, left + 0.08, top + 0.02, left + 0.115, top);
    context.bezierCurveTo(left + 0.16, 0.85, left + 0.09 + sway, 0.95, left + 0.14, 1.2);
    context.lineTo(left - 0.02, 1.2);
    context.bezierCurveTo(left + 0.02, 0.95, left - 0.04, 0.85, left, top);
    context.fill();
  }
}

function drawObjects(context: CanvasRenderingContext2D, light: Light, seconds: number): void {
  const roll = 0.07 * oscillate(seconds, 23);
  drawVase(context, light, 0.71, 0.69);
  drawCup(context, light, 0.3 + 0.03 * oscillate(seconds, 43, 0.3), 0.74);
  drawFruit(context, light, 0.53, 0.69, 0.088, [206, 84, 46]);
  drawFruit(context, light, 0.64, 0.735, 0.074, [222, 178, 62]);
  drawFruit(context, light, 0.47 + roll, 0.785, 0.08, [168, 190, 74]);
  drawFruit(context, light, 0.83 - roll * 0.6, 0.8, 0.066, [178, 44, 52]);
}

function drawShadow(
  context: CanvasRenderingContext2D,
  light: Light,
  x: number,
  y: number,
  width: number,
): void {
  const away = (x - light.x) * 0.35;
  const centre = x + away * 0.6;
  context.save();
  context.translate(centre, y);
  context.scale(1, 0.3);
  const spread = width * 1.7;
  const dark = context.createRadialGradient(0, 0, width * 0.2, 0, 0, spread);
  dark.addColorStop(0, 'rgb(12 8 6 / 0.75)');
  dark.addColorStop(1, 'rgb(12 8 6 / 0)');
  context.fillStyle = dark;
  context.fillRect(-spread, -spread, spread * 2, spread * 2);
  context.restore();
}

function drawFruit(
  context: CanvasRenderingContext2D,
  light: Light,
  x: number,
  y: number,
  radius: number,
  colour: Colour,
): void {
  drawShadow(context, light, x, y + radius * 0.88, radius);
  const [towardsX, towardsY] = [(light.x - x) * 0.5, -0.55];
  const body = context.createRadialGradient(
    x + towardsX * radius,
    y + towardsY * radius,
    radius * 0.06,
    x,
    y,
    radius * 1.08,
  );
  body.addColorStop(0, shade([255, 250, 232], light.strength));
  body.addColorStop(0.28, shade(colour, 1.12 * light.strength));
  body.addColorStop(0.75, shade(colour, 0.55));
  body.addColorStop(1, shade(colour, 0.22));
  context.fillStyle = body;
  context.beginPath();
  context.ellipse(x, y, radius * 1.03, radius * 0.97, 0, 0, TAU);
  context.fill();
}

/** A side-lit gradient for round objects. */
function makeRoundGradient(
  context: CanvasRenderingContext2D,
  light: Light,
  x: number,
  half: number,
  colour: Colour,
): CanvasGradient {
  const bright = Math.max(0.12, Math.min(0.88, 0.5 + (light.x - x) * 0.6));
  const around = context.createLinearGradient(x - half, 0, x + half, 0);
  around.addColorStop(0, shade(colour, 0.34));
  around.addColorStop(bright, shade(colour, 1.08 * light.strength));
  around.addColorStop(1, shade(colour, 0.3));
  return around;
}

function drawVase(context: CanvasRenderingContext2D, light: Light, x: number, foot: number): void {
  drawShadow(context, light, x, foot, 0.11);
  context.fillStyle = makeRoundGradient(context, light, x, 0.12, [62, 92, 128]);
  context.beginPath();
  context.moveTo(x - 0.045, foot - 0.4);
  context.bezierCurveTo(x - 0.02, foot - 0.3, x - 0.13, foot - 0.26, x - 0.12, foot - 0.14);
  context.bezierCurveTo(x - 0.11, foot - 0.05, x - 0.06, foot - 0.02, x - 0.06, foot);
  context.lineTo(x + 0.06, foot);
  context.bezierCurveTo(x + 0.06, foot - 0.02, x + 0.11, foot - 0.05, x + 0.12, foot - 0.14);
  context.bezierCurveTo(x + 0.13, foot - 0.26, x + 0.02, foot - 0.3, x + 0.045, foot - 0.4);
  context.fill();
  context.fillStyle = shade([20, 26, 36], 1);
  context.beginPath();
  context.ellipse(x, foot - 0.4, 0.045, 0.012, 0, 0, TAU);
  context.fill();
}

function drawCup(context: CanvasRenderingContext2D, light: Light, x: number, foot: number): void {
  drawShadow(context, light, x, foot, 0.1);
  const white: Colour = [236, 230, 216];
  context.lineWidth = 0.022;
  context.strokeStyle = shade(white, 0.66 * light.strength);
  context.beginPath();
  context.ellipse(x - 0.1, foot - 0.095, 0.042, 0.05, 0.1, 0, TAU);
  context.stroke();
  context.fillStyle = makeRoundGradient(context, light, x, 0.1, white);
  context.beginPath();
  context.moveTo(x - 0.1, foot - 0.17);
  context.bezierCurveTo(x - 0.1, foot - 0.06, x - 0.07, foot, x - 0.05, foot + 0.006);
  context.quadraticCurveTo(x, foot + 0.02, x + 0.05, foot + 0.006);
  context.bezierCurveTo(x + 0.07, foot, x + 0.1, foot - 0.06, x + 0.1, foot - 0.17);
  context.fill();
  context.fillStyle = shade([70, 44, 30], light.strength);
  context.beginPath();
  context.ellipse(x, foot - 0.17, 0.1, 0.026, 0, 0, TAU);
  context.fill();
  context.lineWidth = 0.008;
  context.strokeStyle = shade(white, light.strength);
  context.stroke();
}

/** Draws a hand that reaches in from the right about every half minute. */
function drawHand(context: CanvasRenderingContext2D, light: Light, seconds: number): void {
  const reach = Math.max(0, oscillate(seconds, 33, 0.12));
  if (reach < 0.02) return;
  const skin: Colour = [226, 158, 118];
  context.save();
  context.translate(1.3 - 0.5 * reach, 0.86 + 0.03 * oscillate(seconds, 13));
  context.rotate(0.3 + 0.07 * oscillate(seconds, 9));
  context.scale(1.25, 1.25);
  const flesh = context.createLinearGradient(0, -0.12, 0, 0.12);
  flesh.addColorStop(0, shade(skin, 1.12 * light.strength));
  flesh.addColorStop(1, shade(skin, 0.4));
  context.strokeStyle = flesh;
  context.fillStyle = flesh;
  context.lineCap = 'round';
  for (let finger = 0; finger < 4; finger++) {
    const bend = 0.02 * oscillate(seconds, 7, finger * 0.1);
    const root = -0.055 + finger * 0.036;
    context.lineWidth = 0.036;
    context.beginPath();
    context.moveTo(0, root);
    context.quadraticCurveTo(-0.09, root - 0.014, -0.15 + Math.abs(finger - 1.4) * 0.022, root + 0.03 + bend);
    context.stroke();
  }
  context.lineWidth = 0.042;
  context.beginPath();
  context.moveTo(0.05, 0.07);
  context.quadraticCurveTo(-0.03, 0.12, -0.085, 0.1);
  context.stroke();
  context.beginPath();
  context.ellipse(0.035, 0.005, 0.085, 0.086, 0, 0, TAU);
  context.fill();
  context.fillRect(0.06, -0.055, 0.2, 0.11);
  const sleeve = context.createLinearGradient(0, -0.1, 0, 0.1);
  sleeve.addColorStop(0, shade([58, 62, 84], light.strength));
  sleeve.addColorStop(1, shade([14, 14, 20], 1));
  context.fillStyle = sleeve;
  context.fillRect(0.17, -0.085, 0.6, 0.17);
  context.restore();
}
