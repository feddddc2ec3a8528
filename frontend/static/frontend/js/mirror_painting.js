// @ts-check
// The pieces of the picture of compared runs: ticks, calls in flight, strips of steps, the stretch that is being chosen.
import { clock } from './format.js';

/** @typedef {import('./lanes.js').Lane} Lane */
/** @typedef {import('./lanes.js').Axis} Axis */
/** @typedef {import('./mirror.js').Band} Band */
/** @typedef {{ colors: Record<string, string>, font: string, left: number, room: number, width: number }} Look */

const TICKS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 7200];
const APART = 72;
const STRIP = 22;
export const AXIS = 24;
const GAP = 8;

/** Where each run's band lies, where the axis is written, and how tall all is. @param {number} runs */
export function heights(runs) {
  if (runs <= 2) {
    const tall = 106;
    return { height: tall * 2 + AXIS, axis: tall, bands: [{ y: 0, height: tall }, { y: tall + AXIS, height: tall }] };
  }
  const tall = 84;
  const bands = Array.from({ length: runs }, (_, at) => ({ y: at * (tall + GAP), height: tall }));
  return { height: runs * (tall + GAP) + AXIS, axis: runs * (tall + GAP), bands };
}

/** Lines at round times, or at parts of the whole. @param {CanvasRenderingContext2D} g @param {Look} look @param {Axis} axis @param {Lane[]} lanes @param {number} height @param {number} y */
export function paintTicks(g, look, axis, lanes, height, y) {
  const whole = axis.kind === 'own' ? 100 : axis.longest;
  const [from, to] = axis.view;
  const span = (to - from) * whole;
  const step = TICKS.find(tick => tick / span * look.room > APART) ?? 36_000;
  g.font = `12px ${look.font}`;
  g.textBaseline = 'middle';
  for (let tick = Math.ceil(from * whole / step); tick * step <= to * whole + 1e-9; tick += 1) {
    const value = tick * step;
    const x = Math.round(look.left + (value / whole - from) / (to - from) * look.room) + 0.5;
    g.strokeStyle = look.colors.line;
    g.beginPath();
    g.moveTo(x, 0);
    g.lineTo(x, height);
    g.stroke();
    const text = axis.kind === 'own' ? `${Number(value.toFixed(1))} %` : tickText(value, step);
    const half = g.measureText(text).width / 2;
    g.fillStyle = look.colors.surface;
    g.fillRect(x - half - 3, y + 4, half * 2 + 6, AXIS - 8);
    g.fillStyle = look.colors['text-3'];
    g.textAlign = 'center';
    g.fillText(text, Math.max(look.left + half, Math.min(look.width - half, x)), y + AXIS / 2);
  }
}

/** @param {number} seconds @param {number} step */
const tickText = (seconds, step) => (step < 1 ? `${seconds.toFixed(1)} s` : clock(seconds + 1e-6));

/** One run: its calls in flight, its steps, its letter and its end. @param {CanvasRenderingContext2D} g @param {Look} look @param {Axis} axis @param {Band} band @param {Int32Array} counts @param {number} most */
export function paintLane(g, look, axis, band, counts, most) {
  const color = look.colors[`run-${band.run.letter.toLowerCase()}`];
  const strip = band.up ? band.y + band.height - STRIP : band.y;
  const ground = band.up ? strip - 4 : strip + STRIP + 4;
  const room = band.height - STRIP - 10;
  g.fillStyle = color;
  counts.forEach((value, x) => {
    if (!value) return;
    const tall = Math.max(2, value / most * room);
    g.fillRect(look.left + x, band.up ? ground - tall : ground, 1, tall);
  });
  paintSteps(g, look, axis, band, strip, color);
  g.textAlign = 'left';
  g.fillStyle = look.colors.text;
  g.font = `600 12px ${look.font}`;
  g.fillText(band.run.letter, 6, strip + STRIP / 2);
  paintEnd(g, look, axis, band, ground);
}

/** @param {CanvasRenderingContext2D} g @param {Look} look @param {Axis} axis @param {Band} band @param {number} y @param {string} color */
function paintSteps(g, look, axis, { lane }, y, color) {
  const x = (/** @type {number} */ time) => look.left + axis.place(lane, time) * look.room;
  g.font = `12px ${look.font}`;
  g.textAlign = 'left';
  for (const step of lane.steps) {
    const [from, to] = [Math.max(look.left, x(step.from)), Math.min(look.left + look.room, x(step.to))];
    if (to <= look.left || from >= look.left + look.room) continue;
    g.fillStyle = look.colors['step-soft'];
    g.fillRect(from, y, Math.max(1, to - from - 1), STRIP);
    g.fillStyle = color;
    g.fillRect(from, y, 2, STRIP);
    const text = to - from > 60 ? `step ${step.position}` : String(step.position);
    if (to - from < g.measureText(text).width + 10) continue;
    g.fillStyle = look.colors['text-2'];
    g.fillText(text, from + 6, y + STRIP / 2 + 0.5);
  }
}

/** Behind the end; where there is no room, before it and far from the ground, so that it hides no low bar. @param {CanvasRenderingContext2D} g @param {Look} look @param {Axis} axis @param {Band} band @param {number} ground */
function paintEnd(g, look, axis, { lane, up, y: top, height }, ground) {
  const x = look.left + axis.place(lane, lane.total) * look.room;
  if (x < look.left || x > look.left + look.room + 1) return;
  const text = `ends ${clock(lane.total)}`;
  g.font = `12px ${look.font}`;
  const wide = g.measureText(text).width;
  const fits = x + wide + 10 < look.left + look.room;
  const left = fits ? x + 6 : x - wide - 6;
  if (left < look.left) return;
  const far = up ? top + 12 : top + height - 12;
  const near = up ? ground - 12 : ground + 12;
  const y = fits ? near : far;
  g.fillStyle = look.colors.surface;
  g.globalAlpha = 0.85;
  g.fillRect(left - 3, y - 8, wide + 6, 16);
  g.globalAlpha = 1;
  g.fillStyle = look.colors['text-2'];
  g.fillText(text, left, y);
}

/** The stretch that is being chosen, or a line where the pointer is. @param {CanvasRenderingContext2D} g @param {Look} look @param {[number, number]} stretch @param {number} height */
export function paintStretch(g, look, [one, other], height) {
  const [left, right] = one < other ? [one, other] : [other, one];
  g.fillStyle = look.colors.accent;
  if (right > left) {
    g.globalAlpha = 0.16;
    g.fillRect(left, 0, right - left, height);
    g.globalAlpha = 1;
    g.fillRect(right, 0, 1, height);
  }
  g.fillRect(left, 0, 1, height);
}
