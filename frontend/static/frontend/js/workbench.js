// @ts-check
// The workbench: wires state, tree, time line, minimap, coverage strip, detail and address together. There is one
// selection; whoever sets it, all follow.
import { loadAnnotations, onAnnotations, signOf } from './annotations.js';
import { bands } from './bands.js';
import { drawCoverage } from './coverage.js';
import { criticalPath } from './critical.js';
import { Detail } from './detail.js';
import { share } from './format.js';
import { Finding } from './finding.js';
import { bindKeys } from './keys.js';
import { batchOf, figures } from './layout.js';
import { Legend } from './legend.js';
import { LIGHTS, Lights } from './lights.js';
import { began, idleGaps, openCalls, peak, TimeScale, totalTime } from './timing.js';
import { Minimap } from './minimap.js';
import { Notes } from './notes.js';
import { fetchData, place } from './place.js';
import { tellHead } from './run_head.js';
import { isLive } from './state.js';
import { Timeline } from './timeline.js';
import { Tree } from './tree.js';
import { $, $$, element, onTheme, toast } from './ui.js';
import { nextError, peer, sameKind } from './walks.js';
import { roundTime } from './words.js';

/** @typedef {import('./state.js').State} State */
/** @typedef {import('./state.js').Node} Node */

const SLOWEST_REDRAW = 1_000;
/** Nodes up to which the critical path is worked out with each drawing; of a larger run that has ended, once, afterwards. */
const MOST_AT_ONCE = 20_000;

export class Workbench {
  /** @param {State} state @param {number | null} elapsed seconds since the run's start */
  constructor(state, elapsed) {
    this.state = state;
    /** @type {number | null} our clock at the run's start; no two machines' clocks are compared */
    this.zero = elapsed === null ? null : performance.now() / 1000 - elapsed;
    /** @type {string} id of the row that is selected, '' for none */
    this.selected = '';
    /** @type {import('./watch.js').Watch | null} while the run goes on */
    this.watch = null;
    this.squeeze = true;
    /** @type {{ version: number, path: import('./critical.js').CriticalPath | null }} */
    this.known = { version: -1, path: null };
    this.fitted = '';
    /** @type {any} */
    this.strips = null;
    this.ahead = 0;
    this.cost = 0;
    this.pending = false;
    const host = {
      state: () => this.state, now: () => this.now(), touched: () => this.touched(),
      select: (/** @type {string} */ id, /** @type {string} */ from) => this.select(id, from),
      lights: () => this.lights,
      lightCalls: (/** @type {number[]} */ numbers) => this.lights.choose('calls', numbers.join(), this.selected, 'detail'),
      light: (/** @type {number} */ cell, /** @type {number} */ line) => this.lights.choose('line', String(line), String(cell), 'detail'),
    };
    this.tree = new Tree($('#tree'), { ...host, critical: () => this.timeline?.plan?.critical?.nodes ?? null, noted: signOf, found: number => this.finding?.rowWords(number) ?? null });
    this.timeline = new Timeline($('#timeline'), { ...host, viewed: () => this.minimap?.draw() });
    this.minimap = new Minimap($('#mini'), this.timeline, { now: () => this.now(), hits: () => (this.finding?.reading ? this.finding.hits : []) });
    this.notes = place.isOwn ? new Notes() : null;
    this.detail = new Detail($('#det-h'), $('#det-b'), host, this.notes);
    if (this.notes) this.loadNotes();
    this.lights = new Lights(this);
    this.finding = new Finding(this);
    this.legend = new Legend(this);
    bindKeys(this);
    this.listen();
    onTheme(() => this.drawStrip());
    addEventListener('resize', () => this.drawStrip());
  }

  /** Seconds since the run's start. */
  now() {
    if (!isLive(this.state)) return this.state.run.seconds ?? this.lastMoment();
    if (this.state.run.startedAt === null) return 0;
    this.zero ??= performance.now() / 1000;
    return Math.max(this.lastMoment(), performance.now() / 1000 - this.zero);
  }

  lastMoment() {
    let last = 0;
    for (const node of this.state.nodes.values()) last = Math.max(last, node.end ?? node.start);
    return last;
  }

  // ---------------------------------------------------------------------------------------------- drawing

  /** Lays everything out again from the state. */
  update() {
    const began = performance.now();
    this.pending = false;
    const now = this.now();
    const total = totalTime(this.state, now);
    const gaps = idleGaps(this.state, total, now);
    this.timeline.set({
      state: this.state,
      bands: bands(this.state, now),
      scale: new TimeScale(gaps, total, this.squeeze),
      critical: this.path(now),
    });
    this.finding.apply();
    this.tree.update();
    if (this.watch?.following) this.watch.showNewest();
    if (this.selected.startsWith('b')) {
      this.detail.selection = this.resolve(this.selected) ?? this.detail.selection;
      this.light();
    }
    this.minimap.draw();
    this.detail.update();
    this.renderFigures(gaps, now);
    this.cost = performance.now() - began;
    this.ahead = performance.now();
  }

  /** The critical path, as soon as it is known. @param {number} now */
  path(now) {
    const { nodes, version } = this.state;
    if (this.known.version === version && !isLive(this.state)) return this.known.path;
    if (!nodes.size) return null;
    if (nodes.size <= MOST_AT_ONCE) this.known = { version, path: criticalPath(this.state, now) };
    else if (!isLive(this.state)) setTimeout(() => this.takePath(version, now), 50);
    return this.known.version === version ? this.known.path : null;
  }

  /** @param {number} version @param {number} now */
  takePath(version, now) {
    const { plan } = this.timeline;
    if (this.known.version === version || !plan) return;
    this.known = { version, path: criticalPath(this.state, now) };
    this.timeline.set({ ...plan, critical: this.known.path });
    this.legend.draw();
    this.light();
    this.tree.draw();
  }

  /** Draws soon, but spends at most a fifth of the time on it however large the run is. */
  schedule() {
    if (this.pending) return;
    this.pending = true;
    const rest = Math.min(SLOWEST_REDRAW, 4 * this.cost) - (performance.now() - this.ahead);
    setTimeout(() => requestAnimationFrame(() => this.update()), Math.max(0, rest));
  }

  /** @param {[number, number][]} gaps @param {number} now */
  renderFigures(gaps, now) {
    const idle = gaps.reduce((sum, [from, to]) => sum + to - from, 0);
    const most = peak(this.state, now);
    const words = [`peak ${most} in flight`, idle ? `${roundTime(idle)} idle` : ''];
    $('#mini-side').textContent = words.filter(Boolean).join(' · ');
    this.legend.draw();
    tellHead(this.state, now, openCalls(this.state).flying);
  }

  drawStrip() {
    if (!this.strips) return;
    const full = this.picked ?? [];
    drawCoverage($('#cov'), this.strips.documents, { height: 24, picked: full });
  }

  async loadStrips() {
    this.strips = await fetchData('strips').catch(() => null);
    if (!this.strips) {
      $('#cov-side').textContent = 'not loaded yet';
      addEventListener('reachable', () => this.loadStrips(), { once: true });
      return;
    }
    const part = (/** @type {string} */ level) => `${level} ${share(this.strips.totals[level], this.strips.chars)}`;
    $('#cov-side').textContent = ['scanned', 'sent', 'cited'].map(part).join(' · ');
    this.drawStrip();
  }

  async loadNotes() {
    onAnnotations(() => this.tree.draw());
    await loadAnnotations().catch(error => {
      toast(`The notes on this run could not be loaded. ${error.message}`);
      addEventListener('reachable', () => loadAnnotations(), { once: true });
    });
  }

  // ---------------------------------------------------------------------------------------------- selection

  /**
   * @param {string} id of a row: `12` or `b12` @param {string} from who chose: tree, time, detail, key, follow, load, path
   * @param {() => void} [light] sets which nodes are lit; by itself a selection lights none
   */
  select(id, from, light) {
    const selection = this.resolve(id);
    if (!selection) return;
    if (from !== 'follow') this.touched();
    this.selected = id;
    this.fitted = '';
    this.lights.clear();
    light?.();
    this.legend.draw();
    this.tree.select(id, { focus: from === 'key' || from === 'tree', centre: ['time', 'load', 'detail', 'path'].includes(from) });
    this.timeline.selected = selection.node?.number ?? null;
    this.light();
    this.timeline.showSelected();
    this.timeline.draw();
    this.minimap.draw();
    this.detail.show(selection);
    this.finding.tellCount();
    this.writeAddress(id);
    this.showReads(selection);
    if (from === 'tree' && matchMedia('(max-width: 900px)').matches) this.show('detail');
  }

  /** @param {string} id */
  resolve(id) {
    if (id.startsWith('b')) {
      const batch = batchOf(this.state, Number(id.slice(1)));
      return batch && { node: null, batch };
    }
    const node = this.state.nodes.get(Number(id));
    return node ? { node, batch: null } : null;
  }

  /** @param {string} id */
  writeAddress(id) {
    const address = new URL(location.href);
    for (const name of ['node', 'batch', ...LIGHTS]) address.searchParams.delete(name);
    if (id) address.searchParams.set(id.startsWith('b') ? 'batch' : 'node', id.replace('b', ''));
    if (id && this.lights.told) address.searchParams.set(this.lights.kind, this.lights.told);
    history.replaceState(null, '', address);
  }

  /** Takes back one thing, the innermost: what is lit, then the search, then the selection. */
  clear() {
    if (this.lights.kind) {
      this.lights.clear();
      return this.relight();
    }
    if (this.finding.line) return this.finding.leave();
    this.select('1', 'key');
    this.timeline.selected = null;
    this.timeline.draw();
    this.minimap.draw();
    return this.writeAddress('');
  }

  /** Other nodes are lit, of the same selection. */
  relight() {
    this.touched();
    this.light();
    this.timeline.draw();
    this.legend.draw();
    this.writeAddress(this.selected);
    this.detail.lit();
  }

  /** Dims what is not of the selected batch, not lit, or not found by the search. */
  light() {
    const batch = this.selected.startsWith('b') ? batchOf(this.state, Number(this.selected.slice(1))) : null;
    const numbers = this.lights.numbers ?? batch?.items.map(node => node.number) ?? (this.finding.reading ? this.finding.hits : null);
    this.timeline.lit = numbers && new Set(numbers);
  }

  /** Marks in the coverage strip what the node read. @param {import('./detail.js').Selection} selection */
  async showReads({ node }) {
    this.picked = [];
    if (node && node.end !== null) {
      const full = await this.detail.fetchNode(node.number).catch(() => null);
      if (this.selected !== String(node.number)) return;
      this.picked = [...(full?.reads ?? []), ...(full?.sources ?? [])];
    }
    this.drawStrip();
  }

  // ---------------------------------------------------------------------------------------------- moving about

  /** The next node of the same kind and depth. @param {number} places */
  sameKind(places) {
    const { node, batch } = this.resolve(this.selected) ?? {};
    const like = node ?? batch?.items[0];
    return like && sameKind(this.state, like, places);
  }

  /** The next call of the batch that the selection is, or lies in. @param {number} places */
  peer(places) {
    const selection = this.resolve(this.selected);
    return selection ? peer(this.state, selection, places) : undefined;
  }

  nextError() {
    return nextError(this.state, this.selected);
  }

  fitSelection() {
    const { node, batch } = this.resolve(this.selected) ?? {};
    const again = this.fitted === this.selected;
    this.fitted = again ? '' : this.selected;
    const stretch = node ? { start: began(node), end: node.end ?? this.now() } : batch && figures(this.state, batch, this.now());
    this.timeline.fitTo(again ? null : stretch ?? null);
  }

  openDocument() {
    const address = this.detail.readerLink();
    if (address) location.href = address;
    else if (this.detail.tabsThatApply().includes('Reads')) this.detail.choose('Reads');
  }

  // ---------------------------------------------------------------------------------------------- switches

  toggleCritical() {
    this.timeline.showCritical = press($('#critical'));
    this.legend.draw();
    this.timeline.draw();
  }

  toggleSqueeze() {
    this.squeeze = press($('#squeeze'));
    this.timeline.whole = true;
    this.update();
  }

  /** Which of tree, time line and detail a narrow window shows. @param {string} part */
  show(part) {
    $('.bench').dataset.show = part;
    for (const tab of $$('.mtabs [data-show]')) {
      tab.setAttribute('aria-selected', String(tab.dataset.show === part));
      tab.tabIndex = tab.dataset.show === part ? 0 : -1;
    }
    this.tree.draw();
    this.timeline.draw();
  }

  listen() {
    for (const tab of $$('.mtabs [data-show]')) tab.addEventListener('click', () => this.show(tab.dataset.show));
    for (const button of $$('[data-tint]')) {
      button.addEventListener('click', () => {
        this.timeline.tint = button.dataset.tint;
        for (const each of $$('[data-tint]')) each.setAttribute('aria-pressed', String(each === button));
        this.timeline.draw();
      });
    }
    const actions = /** @type {Record<string, () => void>} */ ({
      critical: () => this.toggleCritical(), squeeze: () => this.toggleSqueeze(), fit: () => this.fitSelection(),
      'zoom-in': () => this.timeline.zoom(0.6), 'zoom-out': () => this.timeline.zoom(1 / 0.6),
      fold: () => this.tree.foldAll(),
      'next-error': () => {
        const id = this.nextError();
        if (id) this.select(id, 'key');
      },
    });
    for (const [id, action] of Object.entries(actions)) $(`#${id}`).addEventListener('click', action);
    for (const type of ['wheel', 'pointerdown']) $('#detailpane').addEventListener(type, () => this.touched(), { passive: true });
    addEventListener('popstate', () => this.selectFromAddress());
  }

  /** The user took something in hand: nothing moves by itself any more. */
  touched() {
    if (this.watch?.following) this.watch.follow(false);
  }

  /** @returns {boolean} whether the address named something that exists */
  selectFromAddress() {
    const wanted = new URLSearchParams(location.search);
    const [node, batch] = [wanted.get('node'), wanted.get('batch')];
    const id = batch ? `b${batch}` : node ?? '';
    const light = LIGHTS.find(kind => wanted.get(kind));
    if (light && this.resolve(id)) this.lights.choose(light, wanted.get(light) ?? '', id, 'load');
    else if (id && this.resolve(id)) this.select(id, 'load');
    else if (this.state.nodes.has(1)) this.select('1', 'load');
    return Boolean(id && this.resolve(id));
  }
}

/** Flips a switch; returns whether it is on now. @param {HTMLElement} button */
function press(button) {
  const on = button.getAttribute('aria-pressed') !== 'true';
  button.setAttribute('aria-pressed', String(on));
  return on;
}
