// @ts-check
// The runs of a comparison in time: calls in flight and steps. Two mirror one another, more stand above one another.
// Dragging chooses a stretch, which is then looked at closer.
import { press, register } from './actions.js';
import { tell, told } from './address.js';
import { clock, plural } from './format.js';
import { Axis, clamped, flights, flyingAt, laneOf, stepAt } from './lanes.js';
import { heights, paintLane, paintStretch, paintTicks } from './mirror_painting.js';
import { load } from './state.js';
import { $, $$, esc, fit, onTheme, palette, request, tip } from './ui.js';

/** @typedef {import('./lanes.js').Lane} Lane */
/** @typedef {import('./lanes.js').AxisKind} AxisKind */
/** @typedef {import('./pair_detail.js').Data} Data */
/** @typedef {import('./pair_detail.js').Run} Run */
/** @typedef {{ run: Run, lane: Lane, up: boolean, y: number, height: number }} Band  up: calls grow upwards */

const TOKENS = ['line', 'line-strong', 'text', 'text-2', 'text-3', 'step-soft', 'surface', 'accent', 'accent-soft', 'run-a', 'run-b', 'run-c', 'run-d'];
const GUTTER = 28;
const RIGHT = 6;
const DRAGGED = 4;

export class Mirror {
  /** @param {HTMLCanvasElement} canvas @param {Data} data @param {(column: number, node: number) => void} pick a step was clicked */
  constructor(canvas, data, pick) {
    this.canvas = canvas;
    this.data = data;
    this.pick = pick;
    /** @type {Lane[]} by column */
    this.lanes = [];
    this.kind = /** @type {AxisKind} */ (told('axis') === 'own' ? 'own' : 'common');
    this.view = viewOf(told('view'));
    /** @type {[number, number] | null} where dragging began, and where it is, in pixels */
    this.drag = null;
    this.pointer = -1;
    this.frame = 0;
    /** @type {Record<string, string>} */
    this.colors = {};
  }

  async load() {
    const answers = await Promise.all(this.data.order.map(run => request('GET', `${this.data.runs[run].data}/tree`)));
    this.lanes = answers.map(tree => laneOf(load(tree), tree.run.seconds ?? 0));
    new ResizeObserver(() => this.draw()).observe(/** @type {HTMLElement} */ (this.canvas.parentElement));
    onTheme(() => { this.colors = {}; this.draw(); });
    this.listen();
    this.draw();
  }

  get axis() {
    return new Axis(this.lanes, this.kind, this.view);
  }

  get room() {
    return Math.max(1, this.width - GUTTER - RIGHT);
  }

  // ---------------------------------------------------------------------------------------------- looking

  /** @param {number} from @param {number} to in parts of the whole axis */
  look(from, to) {
    this.view = clamped(from, to);
    const isWhole = this.view[0] === 0 && this.view[1] === 1;
    tell({ view: isWhole ? '' : this.view.map(part => part.toFixed(4)).join('-') });
    this.draw();
  }

  /** @param {number} factor below 1: closer */
  zoom(factor) {
    const [from, to] = this.view;
    const middle = this.pointer < 0 ? (from + to) / 2 : from + (this.pointer - GUTTER) / this.room * (to - from);
    this.look(middle - (middle - from) * factor, middle + (to - middle) * factor);
  }

  /** @param {number} part of what is looked at */
  pan(part) {
    const by = part * (this.view[1] - this.view[0]);
    const [from, to] = this.view;
    this.look(Math.max(0, Math.min(from + by, 1 - (to - from))), Math.max(to - from, Math.min(to + by, 1)));
  }

  /** @param {AxisKind} kind */
  measure(kind) {
    this.kind = kind;
    tell({ axis: kind === 'own' ? 'own' : '' });
    this.draw();
  }

  // ---------------------------------------------------------------------------------------------- drawing

  draw() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.paint();
    });
  }

  /** @returns {Band[]} */
  bands() {
    const tall = heights(this.lanes.length);
    return this.lanes.map((lane, column) => ({
      run: this.data.runs[this.data.order[column]], lane, up: column === 0 || this.lanes.length > 2, ...tall.bands[column],
    }));
  }

  paint() {
    this.width = Math.floor(/** @type {HTMLElement} */ (this.canvas.parentElement).clientWidth - 32);
    if (this.width < 80 || !this.lanes.length) return;
    if (!this.colors.text) this.colors = palette(TOKENS);
    const { height, axis } = heights(this.lanes.length);
    const g = fit(this.canvas, this.width, height);
    const look = { colors: this.colors, font: getComputedStyle(document.body).fontFamily, left: GUTTER, room: this.room, width: this.width };
    paintTicks(g, look, this.axis, this.lanes, height, axis);
    for (const band of this.bands()) paintLane(g, look, this.axis, band, flights(band.lane, this.axis, this.room), Math.max(...this.lanes.map(lane => lane.peak), 1));
    if (this.drag) paintStretch(g, look, this.drag, height);
    else if (this.pointer >= GUTTER) paintStretch(g, look, [this.pointer, this.pointer], height);
    this.tellRange();
  }

  tellRange() {
    const isWhole = this.view[0] === 0 && this.view[1] === 1;
    $('#mirror-all').hidden = isWhole;
    for (const button of $$('[data-axis]')) button.setAttribute('aria-pressed', String(button.dataset.axis === this.kind));
    const letters = this.bands().map(band => band.run.letter);
    const above = letters.length === 2 ? `${letters[0]} above, ${letters[1]} below` : letters.join(', ');
    const shown = this.kind === 'own'
      ? this.view.map(part => `${Math.round(part * 100)} %`) : this.view.map(part => clock(part * this.axis.longest));
    $('#mirror-range').textContent = isWhole ? above : `${above} · ${shown.join('–')}`;
  }

  // ---------------------------------------------------------------------------------------------- pointer and keys

  listen() {
    const { canvas } = this;
    canvas.addEventListener('pointerdown', event => {
      if (event.button || event.offsetX < GUTTER) return;
      this.drag = [event.offsetX, event.offsetX];
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener('pointermove', event => this.move(event));
    canvas.addEventListener('pointerup', event => this.up(event));
    canvas.addEventListener('pointercancel', () => { this.drag = null; this.draw(); });
    canvas.addEventListener('pointerleave', () => { this.pointer = -1; tip(null); this.draw(); });
    canvas.addEventListener('dblclick', () => this.look(0, 1));
    $('#mirror-all').addEventListener('click', () => this.look(0, 1));
    for (const button of $$('[data-axis]')) button.addEventListener('click', () => this.measure(button.dataset.axis));
    const group = 'Compare';
    register([
      { id: 'mirror.closer', words: 'Look closer / further away', group, keys: ['w'], shown: 'w / s', run: () => this.zoom(0.75) },
      { id: 'mirror.further', words: 'Look from further away', group, keys: ['s'], shown: '', run: () => this.zoom(1 / 0.75) },
      { id: 'mirror.earlier', words: 'Earlier / later', group, keys: ['a'], shown: 'a / d', run: () => this.pan(-0.15) },
      { id: 'mirror.later', words: 'Later', group, keys: ['d'], shown: '', run: () => this.pan(0.15) },
      { id: 'mirror.whole', words: 'The whole of all runs', group, keys: ['f'], ...press('#mirror-all') },
    ]);
  }

  /** @param {PointerEvent} event */
  move(event) {
    this.pointer = event.offsetX;
    if (this.drag) this.drag[1] = Math.max(GUTTER, Math.min(GUTTER + this.room, event.offsetX));
    tip(this.drag || event.offsetX < GUTTER ? null : this.describe(event.offsetX), event.clientX, event.clientY);
    this.draw();
  }

  /** @param {PointerEvent} event */
  up(event) {
    const { drag } = this;
    this.drag = null;
    if (!drag) return;
    const [left, right] = drag[0] < drag[1] ? drag : [drag[1], drag[0]];
    if (right - left > DRAGGED) {
      const [from, to] = this.view;
      const part = (/** @type {number} */ x) => from + (x - GUTTER) / this.room * (to - from);
      this.look(part(left), part(right));
      return;
    }
    const column = this.bands().findIndex(band => event.offsetY >= band.y && event.offsetY < band.y + band.height);
    const lane = this.lanes[column];
    const step = lane && stepAt(lane, this.axis.time(lane, (event.offsetX - GUTTER) / this.room));
    if (step) this.pick(column, step.number);
    this.draw();
  }

  /** What every run did there. @param {number} x */
  describe(x) {
    return this.bands().map(({ run, lane }) => {
      const time = this.axis.time(lane, (x - GUTTER) / this.room);
      if (time < 0 || time > lane.total) return `<b>${esc(run.letter)}</b> has ended`;
      const step = stepAt(lane, time);
      const flying = flyingAt(lane, time);
      const what = step ? `step ${step.position}` : 'between steps';
      return `<b>${esc(run.letter)}</b> at ${clock(time)}: ${what}, ${flying ? `${plural(flying, 'call')} in flight` : 'no call in flight'}`;
    }).join('<br>');
  }
}

/** @param {string} text `0.1000-0.5000` @returns {[number, number]} */
function viewOf(text) {
  const [from, to] = text.split('-').map(Number);
  return to > from ? clamped(from, to) : [0, 1];
}

