// @ts-check
// A coverage strip that is taken in hand: dragging, or the arrow keys with Shift, select a range of a document; a click,
// or Enter, opens a spot; a range can be looked at closer.
import { inARow, NARROWEST, paintCoverage, SAYS } from './coverage.js';
import { count, whole } from './format.js';
import { color, esc, onTheme, tip } from './ui.js';

/** @typedef {import('./coverage.js').Strip} Strip @typedef {import('./coverage.js').Span} Span */
/**
 * @typedef {{
 *   brushed: (range: Span | null, done: boolean) => void, open: (spot: Span) => void, zoom: (range: Span | null) => void,
 * }} Host  brushed: a range is being selected (done: it has been); open: a spot is to be read; zoom: a range is to be
 *   looked at closer, null: all again
 */

/** Pixels from which a press is a drag. */
const STEADY = 4;
const LEAP = 24;

export class Brush {
  /** @param {HTMLCanvasElement} canvas @param {Strip[]} strips @param {Host} host @param {number} [height] */
  constructor(canvas, strips, host, height = 40) {
    this.canvas = canvas;
    this.strips = strips;
    this.host = host;
    this.height = height;
    /** @type {import('./coverage.js').View} */
    this.view = { from: 0, to: inARow(strips).all };
    /** @type {Strip | null} the document that is looked at closer, with finer intervals */
    this.closer = null;
    /** @type {{ from: number, to: number } | null} positions in the row */
    this.range = null;
    /** @type {number | null} */
    this.cursor = null;
    this.anchor = 0;
    /** @type {Span[]} */
    this.lit = [];
    /** @type {Uint8Array} the level of each pixel */
    this.at = new Uint8Array(0);
    this.listen();
    this.draw();
  }

  // ---------------------------------------------------------------------------------------------- places

  /** Of the document a position of the row lies in. @param {number} position */
  documentAt(position) {
    const { begins } = inARow(this.strips);
    const index = Math.max(0, begins.findLastIndex(begin => begin <= position));
    return { strip: this.strips[index], begin: begins[index] };
  }

  /** @param {number} x pixels from the left */
  positionAt(x) {
    const { from, to } = this.view;
    const position = from + x / Math.max(1, this.canvas.clientWidth) * (to - from);
    return Math.max(from, Math.min(to - 1, Math.floor(position)));
  }

  /** @param {number} position */
  placeOf(position) {
    const { from, to } = this.view;
    return (position - from) / (to - from) * this.canvas.clientWidth;
  }

  /** The range within one document. @returns {Span | null} */
  get span() {
    if (!this.range) return null;
    const { strip, begin } = this.documentAt(this.range.from);
    return { document: strip.id, start: this.range.from - begin, end: Math.min(strip.chars, this.range.to - begin) };
  }

  /** Characters that one pixel stands for. */
  get grain() {
    return (this.view.to - this.view.from) / Math.max(1, this.canvas.clientWidth);
  }

  /** What is drawn at a position: the stretch nearest to the answer, or the character. @param {number} position @returns {Span} */
  spotAt(position) {
    const { strip, begin } = this.documentAt(position);
    const offset = Math.floor(position - begin);
    const { intervals } = this.closer?.id === strip.id ? this.closer : strip;
    const [from, to] = [offset - NARROWEST * this.grain, offset + this.grain];
    let hit = /** @type {[number, number, number]} */ ([offset, Math.min(strip.chars, offset + 1), 1]);
    for (const interval of intervals) if (interval[0] < to && from < interval[1] && interval[2] > hit[2]) hit = interval;
    return { document: strip.id, start: hit[0], end: hit[1] };
  }

  // ---------------------------------------------------------------------------------------------- selecting

  /** @param {number} anchor @param {number} position @param {boolean} done */
  select(anchor, position, done) {
    const { strip, begin } = this.documentAt(anchor);
    const within = (/** @type {number} */ each) => Math.max(begin, this.view.from, Math.min(begin + strip.chars, this.view.to, each));
    const [from, to] = [within(Math.min(anchor, position)), within(Math.max(anchor, position) + 1)];
    this.range = to > from ? { from, to } : null;
    this.cursor = Math.min(within(position), to - 1);
    this.draw();
    this.host.brushed(this.span, done);
  }

  clear() {
    this.range = null;
    this.draw();
    this.host.brushed(null, true);
  }

  /** Shows a range of one document, with its finer intervals. @param {Strip} strip @param {number} start @param {number} end */
  lookCloser(strip, start, end) {
    const index = this.strips.findIndex(each => each.id === strip.id);
    const begin = inARow(this.strips).begins[index];
    this.closer = strip;
    this.view = { from: begin + start, to: begin + Math.max(start + 1, end) };
    this.cursor = this.view.from;
    this.range = null;
    this.draw();
  }

  showAll() {
    this.closer = null;
    this.view = { from: 0, to: inARow(this.strips).all };
    this.draw();
  }

  /** @param {Strip[]} strips the run has gone on */
  update(strips) {
    this.strips = strips;
    if (!this.closer) this.view = { from: 0, to: inARow(strips).all };
    this.draw();
  }

  // ---------------------------------------------------------------------------------------------- drawing

  draw() {
    const strips = this.strips.map(strip => (strip.id === this.closer?.id ? this.closer : strip));
    this.at = paintCoverage(this.canvas, strips, { height: this.height, picked: this.lit, view: this.view });
    if (!this.at.length) return;
    const g = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext('2d'));
    const accent = color('accent');
    if (this.range) {
      const [left, right] = [this.placeOf(this.range.from), this.placeOf(this.range.to)];
      g.fillStyle = accent;
      g.globalAlpha = 0.14;
      g.fillRect(left, 0, Math.max(2, right - left), this.height);
      g.globalAlpha = 1;
      for (const x of [left, Math.max(left + 2, right)]) g.fillRect(Math.round(x) - 1, 0, 2, this.height);
    }
    if (this.cursor !== null && !this.range && this.canvas === document.activeElement) {
      g.fillStyle = color('text');
      g.fillRect(Math.max(0, Math.round(this.placeOf(this.cursor)) - 1), 0, 2, this.height);
    }
    this.tell();
  }

  /** Says to those who do not see it where the cursor stands. */
  tell() {
    const position = this.cursor ?? this.view.from;
    const { strip, begin } = this.documentAt(position);
    if (!strip) return;
    const span = this.span;
    const level = this.at[Math.min(this.at.length - 1, Math.max(0, Math.floor(this.placeOf(position))))] ?? 0;
    const chosen = span ? `; selected ${whole(span.start)} to ${whole(span.end)}` : '';
    const { canvas } = this;
    canvas.setAttribute('aria-valuemin', String(this.view.from));
    canvas.setAttribute('aria-valuemax', String(this.view.to - 1));
    canvas.setAttribute('aria-valuenow', String(position));
    canvas.setAttribute('aria-valuetext', `${strip.name}, character ${whole(position - begin)}, ${SAYS[level]}${chosen}`);
  }

  // ---------------------------------------------------------------------------------------------- hands

  listen() {
    const { canvas } = this;
    let pressed = -1;
    let moved = false;
    canvas.addEventListener('pointerdown', event => {
      if (event.button) return;
      canvas.setPointerCapture(event.pointerId);
      [pressed, moved] = [event.offsetX, false];
      this.anchor = this.positionAt(event.offsetX);
      tip(null);
    });
    canvas.addEventListener('pointermove', event => {
      if (pressed < 0) return this.hint(event);
      moved ||= Math.abs(event.offsetX - pressed) >= STEADY;
      return moved ? this.select(this.anchor, this.positionAt(event.offsetX), false) : undefined;
    });
    canvas.addEventListener('pointerup', event => {
      if (pressed < 0) return;
      pressed = -1;
      if (moved) this.select(this.anchor, this.positionAt(event.offsetX), true);
      else this.press(this.anchor);
    });
    canvas.addEventListener('pointercancel', () => { pressed = -1; });
    canvas.addEventListener('pointerleave', () => tip(null));
    canvas.addEventListener('keydown', event => this.key(event));
    for (const type of ['focus', 'blur']) canvas.addEventListener(type, () => this.draw());
    new ResizeObserver(() => this.draw()).observe(canvas);
    onTheme(() => this.draw());
  }

  /** @param {number} position */
  press(position) {
    this.cursor = position;
    this.range = null;
    this.draw();
    this.host.brushed(null, true);
    this.host.open(this.spotAt(position));
  }

  /** @param {PointerEvent} event */
  hint(event) {
    const position = this.positionAt(event.offsetX);
    const { strip, begin } = this.documentAt(position);
    const level = this.at[Math.floor(event.offsetX)] ?? 0;
    if (strip) tip(`<b>${esc(strip.name)}</b><br>near character ${count(position - begin)}<br>${SAYS[level]}`, event.clientX, event.clientY);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { from, to } = this.view;
    const one = Math.max(1, Math.round(this.grain));
    const cursor = this.cursor ?? from;
    const moves = /** @type {Record<string, number>} */ ({
      ArrowLeft: cursor - one, ArrowRight: cursor + one, PageUp: cursor - LEAP * one, PageDown: cursor + LEAP * one, Home: from, End: to - 1,
    });
    const acts = /** @type {Record<string, () => void>} */ ({
      Enter: () => this.host.open(this.span ?? this.spotAt(cursor)), Escape: () => (this.range ? this.clear() : this.host.zoom(null)),
      '+': () => this.host.zoom(this.span), '-': () => this.host.zoom(null),
    });
    const target = moves[event.key];
    if (target === undefined && !acts[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    if (target === undefined) return acts[event.key]();
    const next = Math.max(from, Math.min(to - 1, target));
    if (!event.shiftKey) {
      this.cursor = next;
      if (this.range) return this.clear();
      return this.draw();
    }
    if (!this.range) this.anchor = cursor;
    return this.select(this.anchor, next, true);
  }
}
