// @ts-check
// The time line on a canvas: lanes by depth and slot, idle time squeezed. rlm and step are outlined, work is filled,
// failures are hatched. The canvas is as large as what is seen of it; it draws only bars in view.
import { clock, usd } from './format.js';
import {
  AXIS, GUTTER, hatching, paintAxis, paintBar, paintCritical, paintGaps, paintGrid, paintGutter, paintSelection,
} from './painting.js';
import { Pixels } from './pixels.js';
import { Pointer } from './pointer.js';
import { active } from './timing.js';
import { esc, fit, onTheme, palette } from './ui.js';
import { nameOf, shortTime, tokensText } from './words.js';

/** @typedef {import('./state.js').State} State */
/** @typedef {import('./state.js').Node} Node */
/** @typedef {import('./bands.js').Band} Band */
/** @typedef {import('./bands.js').Lane} Lane */
/** @typedef {import('./timing.js').TimeScale} TimeScale */
/**
 * @typedef {{ state: State, bands: Band[], scale: TimeScale, critical: import('./critical.js').CriticalPath | null }} Plan
 * @typedef {{ node: Node, rows: number, x: number, y: number, width: number, height: number }} Place  of a bar
 * @typedef {{ band: number, lane: number, at: number }} Spot
 */

const GAP = 14;
const TOKENS = [
  'bg', 'surface', 'inset', 'line', 'line-strong', 'text', 'text-2', 'text-3', 'accent', 'err', 'err-soft', 'on-kind',
  'rlm', 'step', 'lm', 'cell', 'gate', 'rlm-soft', 'step-soft',
];

/** Lanes so low are drawn pixel by pixel. */
const THIN = 5;

/** Height of a lane, so that a band of any width stays on a few screens. @param {number} depth @param {number} lanes */
const laneHeight = (depth, lanes) => (depth === 0 ? 20 : lanes <= 24 ? 14 : lanes <= 64 ? 9 : lanes <= 300 ? 5 : 3);

export class Timeline {
  /** @param {HTMLCanvasElement} canvas @param {{ select: (id: string, from: string) => void, touched: () => void, viewed: () => void }} host */
  constructor(canvas, host) {
    this.canvas = canvas;
    this.host = host;
    this.sizer = /** @type {HTMLElement} */ (canvas.parentElement);
    this.scroller = /** @type {HTMLElement} */ (this.sizer.parentElement);
    /** @type {Plan | null} */
    this.plan = null;
    /** @type {[number, number]} drawn seconds at the left and right edge */
    this.view = [0, 1];
    this.whole = true;
    /** @type {number | null} */
    this.selected = null;
    /** @type {Set<number> | null} the nodes that are not dimmed */
    this.lit = null;
    this.tint = 'kind';
    this.showCritical = true;
    this.width = 0;
    this.height = 0;
    this.frame = 0;
    /** @type {{ y: number, row: number }[]} */
    this.geometry = [];
    /** @type {Record<string, string>} */
    this.colors = {};
    this.hatch = /** @type {CanvasPattern | null} */ (null);
    this.font = '';
    /** @type {number | null} the cost of the dearest call, once it is asked for */
    this.highest = null;
    this.gutter = GUTTER;
    /** @type {Map<number, Spot>} of the selected node and the critical path */
    this.spots = new Map();
    this.pixels = new Pixels(this);
    this.listen();
  }

  listen() {
    new ResizeObserver(() => this.draw()).observe(this.scroller);
    this.scroller.addEventListener('scroll', () => this.draw(), { passive: true });
    onTheme(() => { this.colors = {}; this.draw(); });
    new Pointer(this);
  }

  /** @param {Plan} plan */
  set(plan) {
    this.plan = plan;
    this.spots = new Map();
    this.seekAll(plan.critical?.nodes ?? new Set());
    this.highest = null;
    if (this.whole) this.view = [0, plan.scale.length];
    this.clamp();
    this.draw();
  }

  // ---------------------------------------------------------------------------------------------- view

  get span() {
    return this.view[1] - this.view[0];
  }

  /** @param {number} time seconds of the run */
  x(time) {
    const drawn = this.plan ? this.plan.scale.drawn(time) : time;
    return GUTTER + (drawn - this.view[0]) / this.span * (this.width - GUTTER - 12);
  }

  clamp() {
    const all = this.plan?.scale.length ?? 1;
    const span = Math.max(all * 1e-5, Math.min(all, this.span));
    const from = Math.max(0, Math.min(all - span, this.view[0]));
    this.view = [from, from + span];
    this.whole = span >= all * 0.999;
  }

  /** @param {number} from @param {number} to drawn seconds */
  look(from, to) {
    this.view = [from, to];
    this.clamp();
    this.draw();
    this.host.viewed();
  }

  /** @param {number} factor @param {number} [x] where to, in pixels */
  zoom(factor, x = (this.width + GUTTER) / 2) {
    const part = (x - GUTTER) / Math.max(1, this.width - GUTTER - 12);
    const at = this.view[0] + part * this.span;
    this.look(at - (at - this.view[0]) * factor, at + (this.view[1] - at) * factor);
  }

  /** @param {number} part of what is seen */
  pan(part) {
    const by = this.span * part;
    this.look(this.view[0] + by, this.view[1] + by);
  }

  /** Shows this stretch of the run, or all of it. @param {{ start: number, end: number } | null} stretch */
  fitTo(stretch) {
    if (!this.plan) return;
    const { scale } = this.plan;
    if (!stretch) return this.look(0, scale.length);
    const [from, to] = [scale.drawn(stretch.start), scale.drawn(stretch.end)];
    const margin = (to - from) * 0.08 + scale.length * 1e-4;
    this.look(from - margin, to + margin);
  }

  // ---------------------------------------------------------------------------------------------- drawing

  draw() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.paint();
    });
  }

  paint() {
    if (!this.plan || !this.scroller.clientHeight) return;
    this.measure(this.plan.bands);
    const g = fit(this.canvas, this.width, this.height);
    if (!this.colors.bg) {
      this.colors = palette(TOKENS);
      this.hatch = hatching(g, this.colors);
      this.font = getComputedStyle(document.body).fontFamily;
    }
    g.textBaseline = 'middle';
    g.fillStyle = this.colors.surface;
    g.fillRect(0, 0, this.width, this.height);
    g.save();
    g.beginPath();
    g.rect(GUTTER, AXIS, this.width - GUTTER, this.height);
    g.clip();
    const marks = paintGrid(this, g);
    paintGaps(this, g);
    this.plan.bands.forEach((band, index) => this.paintBand(g, band, this.geometry[index]));
    if (this.showCritical && this.plan.critical) paintCritical(this, g, this.plan.critical.leaves);
    const chosen = this.selected === null ? null : this.find(this.selected);
    if (chosen) paintSelection(this, g, chosen);
    g.restore();
    paintGutter(this, g);
    paintAxis(this, g, marks, chosen);
  }

  /** Where each band begins, in pixels from the top of all of them. @param {Band[]} bands */
  measure(bands) {
    this.width = this.scroller.clientWidth;
    this.height = this.scroller.clientHeight;
    const lanes = bands.reduce((sum, band) => sum + band.lanes.length * laneHeight(band.depth, band.lanes.length), 0);
    const free = this.height - AXIS - 6 - GAP * bands.length;
    const stretch = Math.max(1, Math.min(1.5, free / Math.max(1, lanes)));
    let y = AXIS + 6;
    this.geometry = bands.map(band => {
      const row = laneHeight(band.depth, band.lanes.length) * stretch;
      const place = { y, row };
      y += band.lanes.length * row + GAP;
      return place;
    });
    this.sizer.style.height = `${Math.max(this.height, Math.ceil(y))}px`;
  }

  /** Draws the bars in view; of those that share a pixel only the first, and every failure. @param {CanvasRenderingContext2D} g @param {Band} band @param {{ y: number, row: number }} place */
  paintBand(g, band, place) {
    if (place.row <= THIN) return this.pixels.paint(g, band, place);
    const from = /** @type {Plan} */ (this.plan).scale.time(this.view[0]);
    band.lanes.forEach((lane, index) => {
      const y = Math.round(place.y + index * place.row - this.scroller.scrollTop);
      if (y > this.height || y + place.row * 2 < AXIS) return;
      let done = -1;
      for (let at = lane.firstEnding(from); at < lane.size; at += 1) {
        const box = this.box(lane, at, y, place.row);
        if (box.x > this.width) break;
        if (box.x + box.width < done + 0.6 && box.node.status !== 'failed') continue;
        paintBar(this, g, box);
        done = box.x + box.width;
      }
    });
    return undefined;
  }

  /** @param {Lane} lane @param {number} at @param {number} y @param {number} row @returns {Place} */
  box(lane, at, y, row) {
    const x = this.x(lane.from[at]);
    const raw = this.x(lane.to[at]) - x;
    const height = Math.max(2, Math.round(row * lane.rows[at]) - (row > 12 ? 3 : row > 4 ? 2 : 1));
    return { node: lane.nodes[at], rows: lane.rows[at], x, y, width: Math.max(1.5, raw > 4 ? raw - 1 : raw), height };
  }

  /** @param {Node} node */
  isDim(node) {
    return this.lit !== null && !this.lit.has(node.number);
  }

  /** How strongly a call is filled when colour says cost. @param {Node} node */
  costShade(node) {
    if (node.kind !== 'lm') return 0.08;
    return Math.min(1, 0.14 + 0.86 * Math.sqrt(Number(node.usd ?? 0) / this.dearest()));
  }

  dearest() {
    if (this.highest === null) {
      this.highest = 1e-12;
      for (const node of this.plan?.state.nodes.values() ?? []) if (node.usd !== null) this.highest = Math.max(this.highest, Number(node.usd));
    }
    return this.highest;
  }

  // ---------------------------------------------------------------------------------------------- finding

  /** Where a node is drawn now; null for one that is not. @param {number} number @returns {Place | null} */
  find(number) {
    const spot = this.spots.get(number) ?? this.seek(number);
    if (!spot) return null;
    const { y, row } = this.geometry[spot.band];
    const lane = /** @type {Plan} */ (this.plan).bands[spot.band].lanes[spot.lane];
    return this.box(lane, spot.at, Math.round(y + spot.lane * row - this.scroller.scrollTop), row);
  }

  /** Goes through all bars once. @param {number} number */
  seek(number) {
    this.seekAll(new Set([number]));
    return this.spots.get(number);
  }

  /** Remembers where the bars of these nodes are. @param {Set<number>} numbers */
  seekAll(numbers) {
    if (!numbers.size) return;
    /** @type {Plan} */ (this.plan).bands.forEach(({ lanes }, band) => lanes.forEach(({ nodes }, lane) => {
      for (let at = 0; at < nodes.length; at += 1) if (numbers.has(nodes[at].number)) this.spots.set(nodes[at].number, { band, lane, at });
    }));
  }

  /** What lies under a point of the canvas. @param {number} x @param {number} y @returns {Node | null} */
  nodeAt(x, y) {
    if (!this.plan || x < GUTTER || y < AXIS) return null;
    let found = /** @type {Node | null} */ (null);
    const time = this.plan.scale.time(this.view[0] + (x - 3 - GUTTER) / (this.width - GUTTER - 12) * this.span);
    this.plan.bands.forEach(({ lanes }, index) => {
      const { y: top, row } = this.geometry[index];
      const inBand = y + this.scroller.scrollTop - top;
      const under = Math.floor(inBand / row);
      for (const place of [under - 1, under]) {
        const lane = lanes[place];
        for (let at = lane?.firstEnding(time) ?? 0; at < (lane?.size ?? 0); at += 1) {
          const box = this.box(lane, at, 0, row);
          if (box.x > x + 2) break;
          if (x <= box.x + Math.max(4, box.width) + 2 && inBand - place * row <= row * box.rows) found = box.node;
        }
      }
    });
    return found;
  }

  /** Brings the selected bar into view, up and down. */
  showSelected() {
    if (this.selected === null || !this.plan || !this.geometry.length) return;
    const place = this.find(this.selected);
    if (!place) return;
    if (place.y < AXIS) this.scroller.scrollTop += place.y - AXIS - 20;
    else if (place.y + place.height > this.height) this.scroller.scrollTop += place.y + place.height - this.height + 20;
  }

  /** @param {Node} node */
  describe(node) {
    const { state } = /** @type {Plan} */ (this.plan);
    const facts = [['kind', `${node.kind}, depth ${node.depth}`], ['start', clock(node.start)]];
    facts.push(node.end === null ? ['state', 'running'] : ['took', shortTime(active(node, node.end))]);
    if (node.queued_ms && node.queued_ms > 1) facts.push(['queued before', shortTime(node.queued_ms / 1000)]);
    if (node.input_tokens !== null) facts.push(['tokens', tokensText(node)]);
    if (node.cost_kind) facts.push(['cost', usd(node.usd)]);
    if (node.error) facts.push(['error', node.error]);
    const list = facts.map(([term, value]) => `<dt>${esc(term)}</dt><dd>${esc(value)}</dd>`).join('');
    return `<b>${esc(nameOf(state, node))}</b><dl>${list}</dl>`;
  }
}
