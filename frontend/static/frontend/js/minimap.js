// @ts-check
// The whole run in one strip: calls in flight, the root's own work, failures, and which part the time line shows.
import { inFlight } from './timing.js';
import { fit, onTheme, palette } from './ui.js';

/** @typedef {import('./timeline.js').Timeline} Timeline */

const HEIGHT = 36;
const HIT_LANE = 5;
const TOKENS = ['inset', 'surface', 'line-strong', 'lm', 'cell', 'gate', 'err', 'accent', 'text'];

export class Minimap {
  /** @param {HTMLCanvasElement} canvas @param {Timeline} timeline @param {{ now: () => number, hits: () => number[] }} host  hits: nodes that a search found */
  constructor(canvas, timeline, host) {
    this.canvas = canvas;
    this.timeline = timeline;
    this.now = host.now;
    this.hits = host.hits;
    this.frame = 0;
    /** @type {Record<string, string>} */
    this.colors = {};
    this.still = document.createElement('canvas');
    /** @type {{ plan: import('./timeline.js').Plan | null, width: number, colors: Record<string, string>, hits: number[] }} what `still` shows */
    this.drawn = { plan: null, width: 0, colors: {}, hits: [] };
    /** @type {Set<number>} */
    this.hitsAt = new Set();
    this.x = (/** @type {number} */ time) => time;
    new ResizeObserver(() => this.draw()).observe(/** @type {HTMLElement} */ (canvas.parentElement));
    onTheme(() => { this.colors = {}; this.draw(); });
    this.listen();
  }

  draw() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.paint();
    });
  }

  paint() {
    const { plan } = this.timeline;
    const width = Math.floor(this.canvas.getBoundingClientRect().width);
    if (!plan || !width) return;
    if (!this.colors.text) this.colors = palette(TOKENS);
    const g = fit(this.canvas, width, HEIGHT);
    this.canvas.style.width = '100%';
    this.x = (/** @type {number} */ time) => plan.scale.drawn(time) / plan.scale.length * width;
    this.keepStill(plan, width);
    g.drawImage(this.still, 0, 0, width, HEIGHT);
    this.paintView(g, plan, width);
    this.paintHits(g);
  }

  /** All but the view is drawn once for each state, and kept: it goes through all nodes. @param {import('./timeline.js').Plan} plan @param {number} width */
  keepStill(plan, width) {
    const hits = this.hits();
    const { drawn } = this;
    if (drawn.plan === plan && drawn.width === width && drawn.colors === this.colors && isSame(drawn.hits, hits)) return;
    this.drawn = { plan, width, colors: this.colors, hits };
    const g = fit(this.still, width, HEIGHT);
    g.fillStyle = this.colors.inset;
    g.fillRect(0, 0, width, HEIGHT);
    this.paintCalls(g, plan, width);
    if (hits.length) {
      g.fillStyle = this.colors.surface;
      g.fillRect(0, 0, width, HIT_LANE + 1);
    }
    this.paintNodes(g, plan);
    g.fillStyle = this.colors.surface;
    for (const [from, to] of plan.scale.gaps) g.fillRect(this.x(from), 0, this.x(to) - this.x(from), HEIGHT);
    this.hitsAt = this.placesOf(hits, plan, width);
  }

  /** Where along the strip the hits of a search lie, each place once. @param {number[]} hits @param {import('./timeline.js').Plan} plan @param {number} width */
  placesOf(hits, plan, width) {
    const taken = /** @type {Set<number>} */ (new Set());
    for (const number of hits) {
      const node = plan.state.nodes.get(number);
      if (node) taken.add(Math.min(width - 2, Math.floor(this.x(node.start) / 2) * 2));
    }
    return taken;
  }

  /** A lane of their own along the top for what a search found. @param {CanvasRenderingContext2D} g */
  paintHits(g) {
    g.fillStyle = this.colors.accent;
    for (const at of this.hitsAt) g.fillRect(at, 0, 2, HIT_LANE);
  }

  /** @param {CanvasRenderingContext2D} g @param {import('./timeline.js').Plan} plan @param {number} width */
  paintCalls(g, plan, width) {
    const counts = inFlight(plan.state, plan.scale, width, this.now());
    const most = Math.max(4, counts.reduce((high, value) => Math.max(high, value), 0));
    g.fillStyle = this.colors.lm;
    counts.forEach((value, x) => {
      if (value) g.fillRect(x, HEIGHT - 6 - Math.max(2, value / most * 26), 1, Math.max(2, value / most * 26));
    });
  }

  /** @param {CanvasRenderingContext2D} g @param {import('./timeline.js').Plan} plan */
  paintNodes(g, plan) {
    const { x } = this;
    const failures = new Set();
    for (const node of plan.state.nodes.values()) {
      const end = node.end ?? this.now();
      if (node.depth === 0 && node.kind !== 'rlm' && node.kind !== 'step') {
        g.fillStyle = this.colors[node.kind];
        g.fillRect(x(node.start), HEIGHT - 5, Math.max(1, x(end) - x(node.start)), 4);
      }
      if (node.status === 'failed' && node.kind !== 'step' && node.kind !== 'rlm') failures.add(Math.round(x(end)));
    }
    g.fillStyle = this.colors.err;
    const crowded = failures.size > this.drawn.width / 12;
    for (const at of failures) {
      if (crowded) {
        g.fillRect(at, 0, 1, 3);
        continue;
      }
      g.beginPath();
      g.moveTo(at - 3.5, 0);
      g.lineTo(at + 3.5, 0);
      g.lineTo(at, 6);
      g.fill();
    }
  }

  /** @param {CanvasRenderingContext2D} g @param {import('./timeline.js').Plan} plan @param {number} width */
  paintView(g, plan, width) {
    const [from, to] = this.timeline.view.map(drawn => drawn / plan.scale.length * width);
    g.globalAlpha = 0.72;
    g.fillStyle = this.colors.surface;
    g.fillRect(0, 0, from, HEIGHT);
    g.fillRect(to, 0, width - to, HEIGHT);
    g.globalAlpha = 1;
    g.strokeStyle = this.colors.accent;
    g.lineWidth = 1.5;
    g.strokeRect(from + 0.75, 0.75, Math.max(2, to - from - 1.5), HEIGHT - 1.5);
    g.fillStyle = this.colors.accent;
    g.fillRect(from, HEIGHT / 2 - 7, 4, 14);
    g.fillRect(to - 4, HEIGHT / 2 - 7, 4, 14);
    const chosen = plan.state.nodes.get(this.timeline.selected ?? -1);
    if (!chosen) return;
    g.fillStyle = this.colors.text;
    g.fillRect(this.x(chosen.start), 0, 1.5, HEIGHT);
  }

  /** Dragging chooses the stretch shown; a click moves it there. */
  listen() {
    let start = /** @type {number | null} */ (null);
    let moved = false;
    const drawn = (/** @type {PointerEvent} */ event) => {
      const box = this.canvas.getBoundingClientRect();
      const part = Math.max(0, Math.min(1, (event.clientX - box.left) / box.width));
      return part * (this.timeline.plan?.scale.length ?? 1);
    };
    this.canvas.addEventListener('pointerdown', event => {
      start = drawn(event);
      moved = false;
      this.canvas.setPointerCapture(event.pointerId);
      this.timeline.host.touched();
    });
    this.canvas.addEventListener('pointermove', event => {
      if (start === null) return;
      const at = drawn(event);
      const least = 4 / this.canvas.clientWidth * (this.timeline.plan?.scale.length ?? 1);
      if (Math.abs(at - start) > least) moved = true;
      if (moved) this.timeline.look(Math.min(start, at), Math.max(start, at));
    });
    this.canvas.addEventListener('pointerup', event => {
      const at = drawn(event);
      const half = this.timeline.span / 2;
      if (start !== null && !moved) this.timeline.look(at - half, at + half);
      start = null;
    });
    this.canvas.addEventListener('pointercancel', () => { start = null; });
  }
}

/** The same hits, or none both times. @param {number[]} one @param {number[]} other */
const isSame = (one, other) => one === other || (!one.length && !other.length);
