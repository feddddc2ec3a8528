// @ts-check
// The pieces of the time line's picture: grid, idle gaps, bars, gutter and axis. Each draws what the time line tells it.
import { clock } from './format.js';
import { nameOf, roundTime } from './words.js';

/** @typedef {import('./timeline.js').Timeline} Timeline */
/** @typedef {import('./timeline.js').Plan} Plan */
/** @typedef {import('./timeline.js').Place} Place */
/** @typedef {import('./state.js').Node} Node */

export const GUTTER = 80;
export const AXIS = 26;
const TICKS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600];
const APART = 64;
const TEETH = 6;
const LABEL_FROM = 30;
const WIDE = 90;

/** A tile of red stripes: how failures are filled. @param {CanvasRenderingContext2D} g @param {Record<string, string>} colors */
export function hatching(g, colors) {
  const tile = document.createElement('canvas');
  tile.width = tile.height = TEETH;
  const brush = /** @type {CanvasRenderingContext2D} */ (tile.getContext('2d'));
  brush.fillStyle = colors['err-soft'];
  brush.fillRect(0, 0, TEETH, TEETH);
  brush.strokeStyle = colors.err;
  brush.lineWidth = 1.5;
  for (const shift of [-TEETH, 0, TEETH]) {
    brush.beginPath();
    brush.moveTo(shift, TEETH);
    brush.lineTo(shift + TEETH, 0);
    brush.stroke();
  }
  return g.createPattern(tile, 'repeat');
}

/** Lines at round times. @param {Timeline} time @param {CanvasRenderingContext2D} g @returns {[number, string][]} what to write beside them */
export function paintGrid(time, g) {
  const { scale } = /** @type {Plan} */ (time.plan);
  const step = TICKS.find(tick => tick / time.span * (time.width - GUTTER) > APART) ?? 7200;
  const marks = /** @type {[number, string][]} */ ([]);
  const last = scale.time(time.view[1]);
  let written = -99;
  g.strokeStyle = time.colors.line;
  g.lineWidth = 1;
  for (let tick = Math.ceil(scale.time(time.view[0]) / step); tick * step <= last + 1e-9; tick += 1) {
    const gap = scale.gaps.find(([from, to]) => tick * step > from && tick * step < to);
    if (gap) {
      tick = Math.floor(gap[1] / step);
      continue;
    }
    const x = Math.round(time.x(tick * step)) + 0.5;
    g.beginPath();
    g.moveTo(x, AXIS);
    g.lineTo(x, time.height);
    g.stroke();
    if (x - written < APART - 12 || x > time.width - 24) continue;
    marks.push([x + 4, tickText(tick * step, step)]);
    written = x;
  }
  return marks;
}

/** @param {number} seconds @param {number} step */
function tickText(seconds, step) {
  if (step >= 1) return clock(seconds + 1e-6);
  return `${seconds.toFixed(step < 0.01 ? 3 : step < 0.1 ? 2 : 1)} s`;
}

/** @param {Timeline} time @param {CanvasRenderingContext2D} g */
export function paintGaps(time, g) {
  for (const [from, to] of /** @type {Plan} */ (time.plan).scale.gaps) {
    const [left, right] = [time.x(from), time.x(to)];
    if (right < GUTTER || left > time.width) continue;
    g.fillStyle = time.colors.inset;
    g.fillRect(left, AXIS, right - left, time.height);
    g.strokeStyle = time.colors['line-strong'];
    for (const x of [left, right]) {
      g.beginPath();
      for (let y = AXIS, tooth = 0; y < time.height; y += TEETH, tooth += 1) g.lineTo(x + (tooth % 2 ? 2.5 : -2.5), y);
      g.stroke();
    }
    if (right - left < 14) continue;
    g.save();
    g.translate((left + right) / 2, time.height / 2);
    g.rotate(-Math.PI / 2);
    g.fillStyle = time.colors['text-2'];
    g.font = `12px ${time.font}`;
    g.textAlign = 'center';
    g.fillText(`${roundTime(to - from)} idle, squeezed`, 0, 0);
    g.restore();
  }
}

/** @param {Timeline} time @param {CanvasRenderingContext2D} g @param {Place} place */
export function paintBar(time, g, place) {
  const { node, height } = place;
  const framed = node.kind === 'rlm' || node.kind === 'step';
  g.globalAlpha = time.isDim(node) ? 0.22 : 1;
  if (framed) paintFrame(time, g, place);
  else if (node.status === 'failed') paintFailure(time, g, place);
  else paintWork(time, g, place);
  if (height >= 12) paintLabel(time, g, place, framed);
  g.globalAlpha = 1;
}

/** @param {Timeline} time @param {CanvasRenderingContext2D} g @param {Place} place */
function paintFrame({ colors }, g, { node, x, y, width, height }) {
  const edge = node.status === 'failed' ? colors.err : colors[node.kind];
  g.fillStyle = colors[`${node.kind}-soft`];
  g.fillRect(x, y, width, height);
  g.strokeStyle = edge;
  g.lineWidth = 1;
  g.strokeRect(x + 0.5, y + 0.5, Math.max(0.5, width - 1), height - 1);
  g.fillStyle = edge;
  g.fillRect(x, y, Math.min(3, width), height);
}

/** @param {Timeline} time @param {CanvasRenderingContext2D} g @param {Place} place */
function paintFailure({ colors, hatch }, g, { x, y, width, height }) {
  g.fillStyle = hatch ?? colors.err;
  g.fillRect(x, y, Math.max(3, width), height);
  g.strokeStyle = colors.err;
  g.lineWidth = 1;
  if (height > 4) g.strokeRect(x + 0.5, y + 0.5, Math.max(2, width - 1), height - 1);
}

/** @param {Timeline} time @param {CanvasRenderingContext2D} g @param {Place} place */
function paintWork(time, g, { node, x, y, width, height }) {
  const byCost = time.tint === 'cost';
  g.fillStyle = byCost ? time.colors.accent : time.colors[node.kind];
  if (byCost) g.globalAlpha *= time.costShade(node);
  else if (node.status === 'cancelled') g.globalAlpha *= 0.5;
  if (width <= 5 || height <= 5) {
    g.fillRect(x, y, width, height);
    return;
  }
  g.beginPath();
  g.roundRect(x, y, width, height, 2);
  g.fill();
}

/** @param {Timeline} time @param {CanvasRenderingContext2D} g @param {Place} place @param {boolean} framed */
function paintLabel(time, g, { node, rows, x, y, width, height }, framed) {
  const left = Math.max(x, GUTTER);
  const room = x + width - left;
  if (room < LABEL_FROM) return;
  const label = nameOf(/** @type {Plan} */ (time.plan).state, node);
  const failed = node.status === 'failed';
  g.font = `${framed ? 500 : 400} 12px ${time.font}`;
  const long = g.measureText(label).width;
  if (room < WIDE && long > room - 8 && !framed) return;
  g.save();
  g.beginPath();
  g.rect(left, y, room - 3, height);
  g.clip();
  g.textAlign = 'left';
  if (!framed && !time.isDim(node)) g.globalAlpha = 1;
  if (failed && !framed) {
    g.fillStyle = time.colors['err-soft'];
    g.fillRect(left + 3, y + 1, Math.min(room - 6, long + 6), height - 2);
  }
  g.fillStyle = failed ? time.colors.err : framed ? time.colors[node.kind]
    : time.tint === 'cost' ? time.colors.text : time.colors['on-kind'];
  g.fillText(label, left + 6, rows > 1 ? y + 9 : y + height / 2 + 0.5);
  g.restore();
}

/** Outlines around the nodes that the run's time was spent in. @param {Timeline} time @param {CanvasRenderingContext2D} g @param {Node[]} leaves */
export function paintCritical(time, g, leaves) {
  g.strokeStyle = time.colors.text;
  g.fillStyle = time.colors.text;
  g.lineWidth = 1.5;
  for (const node of leaves) {
    const place = time.find(node.number);
    if (!place || place.x > time.width || place.x + place.width < GUTTER) continue;
    const { x, y, width, height } = place;
    g.globalAlpha = time.isDim(node) ? 0.25 : 1;
    if (width > 9 && height > 4) {
      g.strokeRect(x + 0.75, y + 0.75, width - 1.5, height - 1.5);
    } else {
      g.fillRect(x, y, width, 1.5);
      g.fillRect(x, y + height - 1.5, width, 1.5);
    }
  }
  g.globalAlpha = 1;
}

/** @param {Timeline} time @param {CanvasRenderingContext2D} g @param {Place} place */
export function paintSelection({ colors }, g, { x, y, width, height }) {
  for (const [color, line] of /** @type {[string, number][]} */ ([[colors.surface, 4], [colors.accent, 2.5]])) {
    g.strokeStyle = color;
    g.lineWidth = line;
    g.strokeRect(x - 2, y - 2, Math.max(4, width) + 4, height + 4);
  }
}

/** @param {Timeline} time @param {CanvasRenderingContext2D} g */
export function paintGutter(time, g) {
  const { colors, font, width, height, scroller, geometry } = time;
  g.fillStyle = colors.surface;
  g.fillRect(0, AXIS, GUTTER - 1, height);
  g.textAlign = 'left';
  /** @type {Plan} */ (time.plan).bands.forEach((band, index) => {
    const y = geometry[index].y - scroller.scrollTop;
    g.font = `500 12px ${font}`;
    g.fillStyle = colors['text-2'];
    g.fillText(`depth ${band.depth}`, 8, y + 8);
    g.font = `12px ${font}`;
    g.fillStyle = colors['text-3'];
    if (band.note && band.lanes.length * geometry[index].row >= 26) g.fillText(band.note, 8, y + 24);
    if (!index) return;
    g.fillStyle = colors['line-strong'];
    g.fillRect(0, Math.round(y - 8), width, 1);
  });
  g.fillStyle = colors['line-strong'];
  g.fillRect(GUTTER - 1, 0, 1, height);
}

/** @param {Timeline} time @param {CanvasRenderingContext2D} g @param {[number, string][]} marks @param {Place | null} chosen */
export function paintAxis({ colors, font, width }, g, marks, chosen) {
  g.fillStyle = colors.inset;
  g.fillRect(0, 0, width, AXIS);
  g.font = `12px ${font}`;
  g.fillStyle = colors['text-3'];
  g.fillText('time', 8, AXIS / 2);
  for (const [x, text] of marks) if (x > GUTTER) g.fillText(text, x, AXIS / 2);
  if (chosen) {
    const left = Math.max(GUTTER, chosen.x);
    g.fillStyle = colors.accent;
    g.fillRect(left, AXIS - 3, Math.max(2, chosen.x + chosen.width - left), 3);
  }
  g.fillStyle = colors['line-strong'];
  g.fillRect(0, AXIS - 1, width, 1);
}
