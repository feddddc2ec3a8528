// @ts-check
// The tree of nodes as an ARIA treegrid. Only the rows in view stand in the DOM, whatever the run's size.
import { whole } from './format.js';
import { BINS, figures, pathTo, rows } from './layout.js';
import { subtreeCost } from './state.js';
import { active } from './timing.js';
import { $, element, iconElement } from './ui.js';
import { batchName, costText, isTurn, nameOf, shortCost, shortTime } from './words.js';

/** @typedef {import('./state.js').State} State */
/** @typedef {import('./state.js').Node} Node */
/** @typedef {import('./layout.js').Row} Row */
/** @typedef {import('./layout.js').Batch} Batch */

const BATCH_HEIGHT = 48;
const MARGIN = 400;
const HISTOGRAM_FROM = 16;
const NOTED = /** @type {Record<string, [string, string]>} */ ({
  up: ['thumb-up', 'noted as right'], down: ['thumb-down', 'noted as wrong'], note: ['note', 'commented on'],
});

export class Tree {
  /**
   * @param {HTMLElement} grid @param {{ state: () => State, now: () => number, critical: () => Set<number> | null,
   *   select: (id: string, from: string) => void, touched: () => void, noted: (node: number) => string,
   *   found: (node: number) => string | null }} host
   * touched: the user took the tree in hand · noted: `up`, `down`, `note` or nothing
   * found: of a node that a search found: the words around it, or nothing; null for others
   */
  constructor(grid, host) {
    this.grid = grid;
    this.host = host;
    this.body = $('.tree-rows', grid);
    this.height = parseFloat(getComputedStyle(document.documentElement).getPropertyValue('--row')) || 28;
    /** @type {Row[]} */
    this.rows = [];
    /** @type {Float64Array} where each row begins, and where the last ends */
    this.tops = new Float64Array(1);
    /** @type {Map<string, number>} */
    this.indexes = new Map();
    /** @type {Map<string, boolean>} */
    this.opened = new Map();
    /** @type {Set<number> | null} */
    this.shown = null;
    this.selected = '';
    /** @type {Map<number, { version: number, figures: import('./layout.js').BatchFigures }>} by number of the batch */
    this.figures = new Map();
    /** @type {Map<string, { key: string, line: HTMLElement }>} */
    this.drawn = new Map();
    this.listen();
  }

  listen() {
    this.grid.addEventListener('scroll', () => this.draw(), { passive: true });
    new ResizeObserver(() => this.draw()).observe(this.grid);
    for (const type of ['wheel', 'pointerdown', 'touchmove']) {
      this.grid.addEventListener(type, () => this.host.touched(), { passive: true });
    }
    this.grid.addEventListener('click', event => {
      const target = /** @type {Element} */ (event.target);
      const id = /** @type {HTMLElement | null} */ (target.closest('[data-id]'))?.dataset.id;
      if (!id) return;
      if (target.closest('.tw')) this.toggle(id);
      else this.host.select(id, 'tree');
    });
    this.grid.addEventListener('dblclick', event => {
      const id = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest('[data-id]'))?.dataset.id;
      if (id) this.toggle(id);
    });
  }

  // ---------------------------------------------------------------------------------------------- rows

  /** Lays the rows out again: after events, a search, opening or closing. */
  update() {
    this.rows = rows(this.host.state(), this.opened, this.shown);
    this.grid.classList.toggle('searching', this.shown !== null);
    this.tops = new Float64Array(this.rows.length + 1);
    this.indexes = new Map();
    this.rows.forEach((row, index) => {
      this.tops[index + 1] = this.tops[index] + (row.batch ? BATCH_HEIGHT : this.height);
      this.indexes.set(row.id, index);
    });
    this.body.style.height = `${this.tops[this.rows.length]}px`;
    this.grid.setAttribute('aria-rowcount', String(this.rows.length + 1));
    this.draw();
  }

  /** @param {string} id @returns {Row | undefined} */
  row(id) {
    return this.rows[this.indexes.get(id) ?? -1];
  }

  /** @param {string} id @param {boolean} [open] */
  toggle(id, open) {
    const row = this.row(id);
    if (!row || row.open === null || row.open === open) return;
    this.opened.set(id, !row.open);
    this.host.touched();
    this.update();
  }

  /** Closes everything below the steps, or opens it all. */
  foldAll() {
    const some = this.rows.some(row => row.open && row.level > 2 && !row.batch);
    for (const node of this.host.state().nodes.values()) {
      if (this.host.state().children.has(node.number) && node.parent !== null && node.kind !== 'step') {
        this.opened.set(String(node.number), !some);
      }
    }
    this.update();
  }

  /** The row so many places further, counted from the selected one. @param {number} places */
  at(places) {
    const from = this.indexes.get(this.selected);
    if (from === undefined) return this.rows[0]?.id;
    return this.rows[Math.max(0, Math.min(this.rows.length - 1, from + places))]?.id;
  }

  // ---------------------------------------------------------------------------------------------- selection

  /** @param {string} id @param {{ focus?: boolean, centre?: boolean, still?: boolean }} how still: without scrolling */
  select(id, { focus = false, centre = false, still = false } = {}) {
    this.selected = id;
    this.reveal(id);
    if (!still) this.scrollTo(id, centre);
    this.draw();
    if (focus) this.drawn.get(id)?.line.focus({ preventScroll: true });
  }

  /** Opens what lies above a row. @param {string} id */
  reveal(id) {
    if (this.indexes.has(id)) return;
    const state = this.host.state();
    const path = id.startsWith('b') ? pathTo(state, Number(id.slice(1))).slice(0, -1) : pathTo(state, Number(id));
    for (const above of path) this.opened.set(above, true);
    this.update();
  }

  /** @param {string} id @param {boolean} centre */
  scrollTo(id, centre) {
    const index = this.indexes.get(id);
    if (index === undefined) return;
    const head = /** @type {HTMLElement} */ (this.grid.firstElementChild).offsetHeight;
    const view = this.grid.clientHeight - head;
    const [top, bottom] = [this.tops[index], this.tops[index + 1]];
    const { scrollTop } = this.grid;
    if (top >= scrollTop && bottom <= scrollTop + view) return;
    if (centre) this.grid.scrollTop = (top + bottom - view) / 2;
    else this.grid.scrollTop = top < scrollTop ? top : bottom - view;
  }

  // ---------------------------------------------------------------------------------------------- drawing

  /** Puts the rows in view into the DOM. The selected one stays there, so that focus is never lost. */
  draw() {
    const { scrollTop, clientHeight } = this.grid;
    const wanted = new Set();
    for (let index = this.first(scrollTop - MARGIN); index < this.rows.length; index += 1) {
      if (this.tops[index] > scrollTop + clientHeight + MARGIN) break;
      wanted.add(index);
    }
    const selected = this.indexes.get(this.selected);
    if (selected !== undefined) wanted.add(selected);
    const kept = new Set();
    for (const index of wanted) kept.add(this.place(index).id);
    for (const [id, { line }] of this.drawn) {
      if (kept.has(id)) continue;
      line.remove();
      this.drawn.delete(id);
    }
  }

  /** The first row that ends below a height. @param {number} height */
  first(height) {
    let [low, high] = [0, this.rows.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.tops[middle + 1] < height) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Draws a row, or leaves it when nothing of it has changed. @param {number} index */
  place(index) {
    const row = this.rows[index];
    const look = row.batch ? this.batchLook(row.batch) : this.nodeLook(/** @type {Node} */ (row.node));
    const key = JSON.stringify([row.level, row.open, look.key]);
    const old = this.drawn.get(row.id);
    let line = old?.line;
    if (!line || old?.key !== key) {
      line = this.line(row, look);
      if (old) {
        const hadFocus = old.line === document.activeElement;
        old.line.replaceWith(line);
        if (hadFocus) queueMicrotask(() => line?.focus({ preventScroll: true }));
      } else {
        this.body.append(line);
      }
      this.drawn.set(row.id, { key, line });
    }
    const on = row.id === this.selected;
    line.style.top = `${this.tops[index]}px`;
    setAll(line, {
      'aria-rowindex': index + 2, 'aria-posinset': row.position, 'aria-setsize': row.size,
      'aria-selected': on, tabindex: on || (this.selected === '' && index === 0) ? 0 : -1,
    });
    return row;
  }

  /** @param {Row} row @param {{ style: string, cells: () => Node[] | any[] }} look */
  line(row, look) {
    const twisty = row.open === null
      ? element('span', { class: 'tw' })
      : element('button', { class: 'tw', type: 'button', tabindex: -1, 'aria-label': row.open ? 'Close' : 'Open' }, iconElement('chev'));
    const name = element('div', { class: 'nm', role: 'gridcell' });
    for (let level = 1; level < row.level; level += 1) name.append(element('span', { class: 'guide' }));
    const [label, ...others] = look.cells();
    name.append(twisty, ...label);
    return element('div', {
      class: look.style, role: 'row', 'data-id': row.id, 'aria-level': row.level,
      'aria-expanded': row.open === null ? null : String(row.open),
    }, name, ...others);
  }

  /** What a node's row shows; `key` says whether it looks the same as before. @param {Node} node */
  nodeLook(node) {
    const state = this.host.state();
    const name = nameOf(state, node);
    const time = node.end === null ? '…' : shortTime(active(node, node.end));
    const spent = subtreeCost(state, node);
    const cost = shortCost(spent);
    const bad = node.status === 'failed' || node.status === 'cancelled';
    const refused = node.accepted === false;
    const critical = this.host.critical()?.has(node.number) && node.kind !== 'rlm' && node.kind !== 'step';
    const noted = this.host.noted(node.number);
    const found = this.host.found(node.number);
    const cells = () => [
      [
        glyph(node.kind, isTurn(state, node) ? 'lm' : node.kind),
        element('span', { class: 'lbl trunc', title: found || (node.error ? `${node.error}: ${node.name}` : node.name) }, name),
        bad ? sign(node.status === 'failed' ? 'err' : 'stop', node.error ?? node.status) : null,
        refused ? sign('warn', 'refused') : null,
        node.end === null ? element('span', { class: 'pulse', title: 'running' }) : null,
        noted ? sign(NOTED[noted][0], NOTED[noted][1]) : null,
        critical ? element('span', { class: 'cpdot', title: 'on the critical path' }) : null,
      ].filter(Boolean),
      element('div', { class: 'num', role: 'gridcell' }, time),
      element('div', { class: 'num', role: 'gridcell', title: cost.startsWith('≥') ? costText(spent) : null }, cost),
    ];
    const styles = { bad: node.status === 'failed', refused, live: node.end === null, hit: found !== null };
    const style = ['tr', ...Object.entries(styles).filter(([, on]) => on).map(([name]) => name)].join(' ');
    return { key: [name, time, cost, node.status, node.accepted, critical, noted, found], style, cells };
  }

  /** A batch's figures, worked out once for each state of the run. @param {Batch} batch */
  figuresOf(batch) {
    const { version } = this.host.state();
    let known = this.figures.get(batch.number);
    if (known?.version !== version) {
      known = { version, figures: figures(this.host.state(), batch, this.host.now()) };
      this.figures.set(batch.number, known);
    }
    return known.figures;
  }

  /** @param {Batch} batch */
  batchLook(batch) {
    const found = this.figuresOf(batch);
    const words = found.p50 === null ? [] : [`p50 ${shortTime(found.p50)}`, `p95 ${shortTime(/** @type {number} */ (found.p95))}`];
    if (found.running) words.unshift(`${found.done} of ${found.count}`);
    const cost = costText(found.cost);
    const hits = this.shown ? batch.items.filter(item => this.host.found(item.number) !== null).length : 0;
    if (hits) words.unshift(`${whole(hits)} found`);
    const cells = () => [[
      glyph(batch.kind, 'batch'),
      element('span', { class: 'batch-name' },
        element('span', {}, element('b', {}, batchName(batch)), found.count > HISTOGRAM_FROM ? histogram(found) : null),
        element('small', { class: 'trunc' }, words.join(' · '),
          found.failed ? element('span', { class: 'errtext' }, `${words.length ? ' · ' : ''}${found.failed} failed`) : null,
          cost === '–' ? null : ` · ${cost}`)),
    ]];
    return { key: [found.done, found.failed, found.count, cost, found.p95, hits], style: 'tr batch', cells };
  }
}

/** @param {Element} line @param {Record<string, any>} attributes */
function setAll(line, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (line.getAttribute(name) !== String(value)) line.setAttribute(name, String(value));
  }
}

/** @param {string} kind @param {string} sprite */
export const glyph = (kind, sprite) => element('span', { class: `k ${kind}`, title: kind }, iconElement(sprite));

/** @param {string} name @param {string} word */
const sign = (name, word) => element('span', { class: 'sign', title: word, role: 'img', 'aria-label': word }, iconElement(name));

/** How long the calls took; failures are red and stand below. @param {import('./layout.js').BatchFigures} found */
function histogram({ bins, failures }) {
  const most = Math.max(...bins.map((value, index) => value + failures[index]), 1);
  const bars = bins.map((value, index) => {
    const failed = failures[index] ? Math.max(3, failures[index] / most * 19) : 0;
    const done = value ? Math.max(2, value / most * (19 - failed)) : 0;
    const bad = failed ? `<rect class="f" x="${index * 4}" y="${20 - failed}" width="3" height="${failed}"/>` : '';
    return `<rect x="${index * 4}" y="${20 - done - failed}" width="3" height="${done}"/>${bad}`;
  });
  const holder = element('template');
  holder.innerHTML = `<svg class="hist" width="${BINS * 4}" height="20" viewBox="0 0 ${BINS * 4} 20" preserveAspectRatio="none" aria-hidden="true">${bars.join('')}</svg>`;
  return holder.content.firstElementChild;
}
