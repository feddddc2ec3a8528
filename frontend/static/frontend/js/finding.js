// @ts-check
// The search of the trace. Names and figures are told at once from the skeleton, texts by the server; what fits is left
// in the tree with all above it, lit in the time line, listed under the box, and marked in the detail.
import { withAbove } from './layout.js';
import { HitList } from './hit_list.js';
import { Marking } from './marking.js';
import { fetchData, place } from './place.js';
import { read } from './query.js';
import { QueryHelp } from './query_help.js';
import { after } from './walks.js';
import { whole } from './format.js';
import { $, ApiError } from './ui.js';

/** @typedef {import('./workbench.js').Workbench} Workbench */
/**
 * @typedef {{
 *   node: number, texts: string[], text: string | null, message: number | null, start: number | null, end: number | null,
 *   before: string | null, hit: string | null, after: string | null,
 * }} Hit  as `GET …/search` tells it
 * @typedef {{
 *   line: string, numbers: number[], items: Map<number, Hit>, next: string | null, nodes: number, complete: boolean,
 * }} Told  items: by number of the node, as far as they were asked for
 */

const ASK_AFTER = 180;
const ASK_ON_AFTER = 60;
/** How often a run that is at work is searched again. */
const LIVE_EVERY = 2_000;
/** A page that stays open so long without a search, of a run of so many nodes at most, gets the run ready by itself. */
const AHEAD_AFTER = 600;
const MOST_AHEAD = 25_000;
const NOT_HERE = 'Texts of this run cannot be searched here; names and figures can.';

export class Finding {
  /** @param {Workbench} bench */
  constructor(bench) {
    this.bench = bench;
    this.box = /** @type {HTMLInputElement} */ ($('#node-search'));
    this.count = $('#hits');
    /** @type {import('./query.js').Word[]} */
    this.words = JSON.parse($('#query-words').textContent);
    /** @type {number[]} numbers of the nodes that fit, in order */
    this.hits = [];
    /** @type {import('./query.js').Reading | null} null: nothing is searched for */
    this.reading = null;
    /** @type {Told | null} the last good answer of the server */
    this.told = null;
    this.trouble = '';
    this.turn = 0;
    this.asking = false;
    /** A timer runs until the run is searched again. */
    this.isWaiting = false;
    this.askedAt = 0;
    this.version = -1;
    /** A hit that was gone to, to be shown where it fits as soon as that is known; 0 for none. */
    this.wanted = 0;
    /** @type {number[]} */
    this.foundOf = [];
    /** @type {Set<number>} */
    this.foundSet = new Set();
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    this.isWarm = false;
    this.marking = new Marking(bench.detail);
    this.list = new HitList(this);
    this.help = new QueryHelp(this);
    this.listen();
  }

  listen() {
    this.box.addEventListener('input', () => this.changed());
    this.box.addEventListener('focus', () => this.warm());
    const line = new URLSearchParams(location.search).get('q');
    if (line) this.box.value = line;
  }

  /** The page came with a query in its address, or somebody was quicker than it: what is selected is shown where it fits. */
  start() {
    if (document.activeElement === this.box) this.list.open();
    if (place.isOwn && this.bench.state.nodes.size <= MOST_AHEAD) setTimeout(() => whenIdle(() => this.warm()), AHEAD_AFTER);
    if (!this.line) return;
    this.wanted = Number(this.bench.selected);
    this.changed();
  }

  get line() {
    return this.box.value;
  }

  /** Whether the nodes shown answer what stands in the box. */
  get isTold() {
    return !this.reading || this.reading.isWhole || (this.told?.line === this.line && this.told.complete);
  }

  /** Gets the run ready to be searched before the first word is typed; once, and not in a tab nobody looks at. */
  warm() {
    if (this.isWarm || this.line || document.hidden) return;
    this.isWarm = true;
    fetchData('search').catch(() => null);
  }

  // ---------------------------------------------------------------------------------------------- finding

  /** Another line stands in the box. */
  changed() {
    this.turn += 1;
    this.trouble = '';
    this.writeAddress();
    this.list.active = -1;
    this.find();
    clearTimeout(this.timer);
    this.isWaiting = false;
    this.asking = Boolean(this.reading && !this.isTold);
    if (this.asking) this.timer = setTimeout(() => this.ask(), ASK_AFTER);
    this.draw();
  }

  /** Finds again what fits, as far as it is known now, and shows it. */
  find() {
    this.apply();
    this.bench.light();
    this.bench.tree.update();
    this.bench.timeline.draw();
    this.bench.minimap.draw();
    this.marking.draw();
  }

  /** The same after events, before everything is drawn. */
  apply() {
    const { state } = this.bench;
    this.reading = read(this.line, this.words, state, this.bench.now());
    this.hits = this.reading ? this.fitting(this.reading) : [];
    this.bench.tree.shown = this.reading ? withAbove(state, this.hits) : null;
    this.marking.reading = this.reading;
    if (this.reading && !this.reading.isWhole && this.version !== state.version) this.askAgain();
    this.tellCount();
  }

  /** What the server told of this line; else what names and figures say. @param {import('./query.js').Reading} reading */
  fitting(reading) {
    const { nodes } = this.bench.state;
    const { answer } = this;
    if (answer) return answer.numbers.filter(number => nodes.has(number));
    return [...nodes.values()].filter(reading.test).map(node => node.number);
  }

  /** The server's answer that is shown: to this line, or where it refused the line, to the one before. */
  get answer() {
    if (!this.reading || this.reading.isWhole) return null;
    return this.told?.line === this.line || this.trouble ? this.told : null;
  }

  /** @returns {Map<number, Hit>} */
  get items() {
    return this.answer?.items ?? new Map();
  }

  /** A run at work has gone on: it is searched again, not too often. */
  askAgain() {
    if (this.told?.line !== this.line || this.asking || this.isWaiting) return;
    this.isWaiting = true;
    this.timer = setTimeout(() => this.ask(), Math.max(0, LIVE_EVERY - (performance.now() - this.askedAt)));
  }

  async ask() {
    const mine = ++this.turn;
    const { line } = this;
    this.isWaiting = false;
    this.askedAt = performance.now();
    this.version = this.bench.state.version;
    this.asking = true;
    try {
      const told = await fetchData(`search?q=${encodeURIComponent(line)}`);
      if (mine !== this.turn) return;
      this.told = { ...told, line, items: new Map() };
      keep(/** @type {Told} */ (this.told), told.items);
      this.asking = !told.complete;
      if (!told.complete) this.timer = setTimeout(() => this.ask(), ASK_ON_AFTER);
    } catch (error) {
      if (mine !== this.turn) return;
      if (!(error instanceof ApiError)) throw error;
      this.asking = false;
      this.trouble = error.status === 404 ? NOT_HERE : error.message;
    }
    this.find();
    this.draw();
    this.showWanted();
  }

  async showWanted() {
    const number = this.wanted;
    if (!number || this.asking || !this.found.has(number)) return;
    this.wanted = 0;
    const hit = await this.hitOf(number);
    if (hit && this.bench.selected === String(number)) this.marking.show(hit);
  }

  /** The next page of hits. */
  async askMore() {
    const { told, line } = this;
    if (!told?.next || told.line !== line) return;
    const { items, next } = await fetchData(`search?q=${encodeURIComponent(line)}&cursor=${told.next}`);
    if (this.told !== told) return;
    told.next = next;
    keep(told, items);
    this.draw();
  }

  /** Where a node has what is looked for. @param {number} number @returns {Promise<Hit | null>} */
  async hitOf(number) {
    const { answer } = this;
    if (!answer || !this.reading?.texts.length) return null;
    if (!answer.items.has(number)) {
      const address = `search?q=${encodeURIComponent(answer.line)}&cursor=${number - 1}&limit=1`;
      keep(answer, (await fetchData(address).catch(() => null))?.items ?? []);
    }
    return answer.items.get(number) ?? null;
  }

  // ---------------------------------------------------------------------------------------------- showing

  draw() {
    this.tellCount();
    this.list.draw();
  }

  /** “3 of 41” while a hit is selected. */
  tellCount() {
    if (!this.reading) {
      this.count.textContent = '';
      return;
    }
    const at = this.hits.indexOf(Number(this.bench.selected));
    const many = whole(this.hits.length);
    const sum = this.asking ? `${many} …` : many;
    this.count.textContent = at < 0 ? `${sum} found` : `${whole(at + 1)} of ${sum}`;
  }

  /** The snippet of a hit for its row; '' for a hit without one; null for what is no hit. @param {number} number */
  rowWords(number) {
    if (!this.reading || !this.found.has(number)) return null;
    const hit = this.items.get(number);
    return hit?.hit ? `${hit.before}${hit.hit}${hit.after}` : '';
  }

  /** The hits as a set, made once for each list of them. */
  get found() {
    if (this.foundOf !== this.hits) [this.foundOf, this.foundSet] = [this.hits, new Set(this.hits)];
    return this.foundSet;
  }

  writeAddress() {
    const address = new URL(location.href);
    if (this.line.trim()) address.searchParams.set('q', this.line);
    else address.searchParams.delete('q');
    history.replaceState(null, '', address);
  }

  // ---------------------------------------------------------------------------------------------- moving about

  /** To the hit after the selected row, or before. @param {number} places */
  step(places) {
    const id = after(this.hits, this.bench.selected, places);
    if (id !== undefined) this.go(Number(id));
  }

  /** Selects a hit and shows where it is. @param {number} number */
  go(number) {
    this.list.close();
    this.marking.target = null;
    this.bench.select(String(number), 'key');
    if (matchMedia('(max-width: 900px)').matches) this.bench.show('detail');
    this.wanted = number;
    this.showWanted();
  }

  /** Takes the search away; what is selected stays. */
  leave() {
    this.box.value = '';
    this.changed();
    this.list.close();
    this.box.blur();
    this.bench.tree.select(this.bench.selected, { centre: true, focus: true });
  }

  focus() {
    if (!this.box.checkVisibility()) this.bench.show('tree');
    this.box.focus();
    this.box.select();
  }
}

/** @param {() => void} act */
const whenIdle = act => ('requestIdleCallback' in window ? requestIdleCallback(act) : setTimeout(act));

/** @param {Told} told @param {Hit[]} items */
function keep(told, items) {
  for (const item of items) told.items.set(item.node, item);
}
