// @ts-check
// The right pane: what the selected node or batch did. Tabs that do not apply are disabled, not hidden, and the chosen
// tab stays when the selection changes.
import { clock } from './format.js';
import { figures } from './layout.js';
import { textsIn } from './notes.js';
import { PANELS } from './panels.js';
import { place } from './place.js';
import { subtreeCost } from './state.js';
import { fetchFull, NodeText } from './texts.js';
import { active } from './timing.js';
import { turnBefore } from './turns.js';
import { $, $$, copy, element, failure, iconElement } from './ui.js';
import { batchName, costText, isTurn, nameOf, shortModel, shortTime, STATUS_WORDS, tokensText } from './words.js';

/** @typedef {import('./state.js').State} State */
/** @typedef {import('./state.js').Node} Node */
/** @typedef {import('./layout.js').Batch} Batch */
/** @typedef {{ node: Node | null, batch: Batch | null }} Selection */
/**
 * @typedef {{
 *   state: State, node: Node | null, batch: Batch | null, full: any, now: number, words: string,
 *   select: (id: string) => void, fetchNode: (number: number) => Promise<any>, redraw: () => void,
 *   text: (name: string) => NodeText, lit: string, light: (line: number) => void, litCalls: () => string,
 *   lightCalls: (numbers: number[]) => void, onLit: (callback: () => void) => void,
 * }} Subject  full: the node with the beginnings of its texts, null for a batch; words: its reply so far, while it is being
 *   written;  lit: number of the line whose calls are lit; litCalls: numbers of the calls that are lit
 * @typedef {{
 *   state: () => State, now: () => number, select: (id: string, from: string) => void,
 *   lights: () => import('./lights.js').Lights, light: (cell: number, line: number) => void,
 *   lightCalls: (numbers: number[]) => void,
 * }} Host
 */

export const TABS = ['Code + output', 'Prompt', 'Response', 'Variables', 'Reads', 'Cost', 'Raw'];
/** A batch has no variables of its own: there its answers are compared. */
const BATCH_TABS = TABS.with(3, 'Dissent');
const APPLY = /** @type {Record<string, string[]>} */ ({
  cell: ['Code + output', 'Variables', 'Reads', 'Cost', 'Raw'],
  lm: ['Prompt', 'Response', 'Reads', 'Cost', 'Raw'],
  gate: ['Prompt', 'Response', 'Cost', 'Raw'],
  rlm: ['Prompt', 'Response', 'Reads', 'Cost', 'Raw'],
  step: ['Response', 'Cost', 'Raw'],
  batch: ['Response', 'Dissent', 'Cost', 'Raw'],
});
const FIRST = /** @type {Record<string, string>} */ ({ lm: 'Response', gate: 'Response', rlm: 'Response' });
/** Nodes whose texts are kept. */
const KEPT = 100;
/** Stands in a reply that is being written where words may be missing. */
const MISSED = ' … ';
const ROLLING = /** @type {Record<string, [string, string]>} */ ({
  failed: ['err', 'err'], cancelled: ['', 'stop'], succeeded: ['ok', 'check'], running: ['run', ''],
});

export class Detail {
  /**
   * @param {HTMLElement} head @param {HTMLElement} body @param {Host} host
   * @param {import('./notes.js').Notes | null} notes
   */
  constructor(head, body, host, notes) {
    this.head = head;
    this.body = body;
    this.host = host;
    this.notes = notes;
    /** Of the head what is written anew; the notes between stay, with what is being typed there. */
    this.parts = { title: element('div'), facts: element('div', { class: 'grow' }), tabs: element('div') };
    head.append(this.parts.title, element('div', { class: 'row' }, this.parts.facts, notes?.tools), notes?.box ?? '', this.parts.tabs);
    body.addEventListener('more', () => this.showNotes());
    this.tab = '';
    /** @type {Selection} */
    this.selection = { node: null, batch: null };
    /** @type {Map<number, Promise<any>>} */
    this.fetched = new Map();
    /** @type {Map<number, string>} words of replies that are being written */
    this.words = new Map();
    this.turn = 0;
    /** Ends what listens for the panel that is shown. */
    this.panel = new AbortController();
    this.shown = '';
    /** @type {any} the node of the panel shown, with its texts */
    this.full = null;
  }

  /** @param {Selection} selection */
  show(selection) {
    this.selection = selection;
    this.render(true);
  }

  /** After events: draws again what has changed of the selected node. */
  update() {
    const { nodes } = this.host.state();
    for (const number of this.words.keys()) if (typeof nodes.get(number)?.end === 'number') this.words.delete(number);
    if (this.bodyKey() !== this.shown) this.render(false);
    else if (this.headKey() !== this.lastHead) this.renderHead();
  }

  /** Says whether what is shown below the tabs is still right. */
  bodyKey() {
    const { node, batch } = this.selection;
    const state = this.host.state();
    if (batch) return `b${batch.number} ${this.batchKey(batch, state)}`;
    if (!node) return '';
    const below = node.kind === 'cell' || node.kind === 'gate' ? state.children.get(node.number)?.length ?? 0 : 0;
    const after = node.kind === 'lm' ? state.hung.get(node.number)?.length ?? 0 : 0;
    return [node.number, node.status, node.retried_ms, below, after].join(' ');
  }

  /** Answers are compared again at each twentieth of the batch; all else of it follows each event. @param {Batch} batch @param {State} state */
  batchKey(batch, state) {
    if (this.current() !== 'Dissent') return state.version;
    const done = batch.items.filter(node => node.end !== null).length;
    return `${batch.items.length} ${done === batch.items.length} ${Math.floor(20 * done / batch.items.length)}`;
  }

  /** @param {number} number @param {string} text */
  delta(number, text) {
    this.words.set(number, (this.words.get(number) ?? '') + text);
    if (this.selection.node?.number !== number || this.current() !== 'Response') return;
    const stream = $('.stream', this.body);
    if (stream) stream.append(text);
    else this.render(false);
  }

  /** The connection broke: words may be missing until replies are there as a whole. */
  missWords() {
    for (const [number, text] of this.words) if (!text.endsWith(MISSED)) this.delta(number, MISSED);
  }

  /** The node with the beginnings of its texts; one that has ended is fetched once. @param {number} number */
  fetchNode(number) {
    const state = this.host.state();
    const node = state.nodes.get(number);
    const known = this.fetched.get(number);
    if (known) return known;
    const answer = fetchFull(number, (node && isTurn(state, node) && turnBefore(state, node)?.number) || null);
    if (node && node.end !== null) {
      this.fetched.set(number, answer);
      answer.catch(() => this.fetched.delete(number));
      if (this.fetched.size > KEPT) this.fetched.delete(/** @type {number} */ (this.fetched.keys().next().value));
    }
    return answer;
  }

  // ---------------------------------------------------------------------------------------------- tabs

  tabsThatApply() {
    const { node, batch } = this.selection;
    const can = APPLY[batch ? 'batch' : node?.kind ?? 'step'];
    return place.isFile ? can.filter(tab => tab !== 'Dissent') : can; // it takes a server to compare answers
  }

  current() {
    const can = this.tabsThatApply();
    if (can.includes(this.tab)) return this.tab;
    return FIRST[this.selection.batch ? '' : this.selection.node?.kind ?? ''] ?? can[0];
  }

  /** @param {string} tab */
  choose(tab) {
    if (!this.tabsThatApply().includes(tab)) return;
    this.tab = tab;
    this.render(true);
  }

  // ---------------------------------------------------------------------------------------------- drawing

  /** @param {boolean} fromTop */
  async render(fromTop) {
    const { node } = this.selection;
    this.renderHead();
    this.shown = this.bodyKey();
    const turn = ++this.turn;
    this.panel.abort();
    this.panel = new AbortController();
    this.body.setAttribute('aria-busy', 'true');
    const waiting = setTimeout(() => { if (fromTop) this.body.replaceChildren(skeleton()); }, 120);
    try {
      const full = node ? await this.fetchNode(node.number) : null;
      if (turn !== this.turn) return;
      const subject = this.subject(full);
      const shown = await PANELS[this.current()](subject);
      if (turn !== this.turn) return;
      const { scrollTop } = this.body;
      this.body.replaceChildren(...shown.filter(Boolean));
      this.body.scrollTop = fromTop ? 0 : scrollTop;
      this.body.dataset.shownFor = this.shown;
      this.full = full;
      this.showNotes();
      this.body.dispatchEvent(new Event('shown'));
    } catch (error) {
      if (turn === this.turn) this.body.replaceChildren(this.failure(error));
    } finally {
      clearTimeout(waiting);
      if (turn === this.turn) this.body.setAttribute('aria-busy', 'false');
    }
  }

  /** Other calls are lit: panels say which. */
  lit() {
    this.body.dispatchEvent(new Event('lit'));
    if (this.current() === TABS[0]) this.render(false);
  }

  /** Notes point into the texts that are shown. */
  showNotes() {
    this.notes?.show(this.full ? textsIn(this.body, this.full) : []);
  }

  /** @param {any} full @returns {Subject} */
  subject(full) {
    return {
      ...this.selection, full, state: this.host.state(), now: this.host.now(),
      words: this.words.get(this.selection.node?.number ?? -1) ?? '',
      select: id => this.host.select(id, 'detail'),
      fetchNode: number => this.fetchNode(number),
      redraw: () => this.render(false),
      text: name => new NodeText(full, name),
      lit: this.host.lights().of('line'), litCalls: () => this.host.lights().of('calls'),
      light: line => this.host.light(full.number, line),
      lightCalls: numbers => this.host.lightCalls(numbers),
      onLit: callback => this.body.addEventListener('lit', callback, { signal: this.panel.signal }),
    };
  }

  /** @param {any} error */
  failure(error) {
    return failure('This node could not be loaded', error, () => this.render(true));
  }

  headKey() {
    const { node, batch } = this.selection;
    const state = this.host.state();
    if (batch) return `b${batch.number} ${state.version}`;
    return node ? [node.number, node.status, costText(subtreeCost(state, node)), node.end === null ? shortTime(this.host.now() - node.start) : ''].join(' ') : '';
  }

  renderHead() {
    this.lastHead = this.headKey();
    const { node, batch } = this.selection;
    if (!node && !batch) return;
    const focused = this.head.contains(document.activeElement) && /** @type {HTMLElement} */ (document.activeElement).dataset.tab;
    this.parts.title.replaceChildren(this.title());
    this.parts.facts.replaceChildren(this.facts());
    this.parts.tabs.replaceChildren(this.tabList());
    this.notes?.turn(node?.number);
    if (focused) $(`[data-tab="${focused}"]`, this.head)?.focus();
  }

  title() {
    const { node, batch } = this.selection;
    const state = this.host.state();
    const kind = batch ? batch.kind : /** @type {Node} */ (node).kind;
    const name = batch ? batchName(batch) : this.nodeTitle(state, /** @type {Node} */ (node));
    return element('div', { class: 'row' },
      element('span', { class: `k ${kind}`, title: kind }, iconElement(batch ? 'batch' : kind)),
      element('h2', { class: 'trunc grow', title: name }, name),
      batch ? batchChip(batch) : chip(/** @type {Node} */ (node).status, /** @type {Node} */ (node).error),
      element('button', {
        class: 'btn ghost icon sm', type: 'button', 'aria-label': 'Copy link', title: 'Copy link (y)',
        onclick: () => copy(location.href, 'Link copied.'),
      }, iconElement('link')));
  }

  /** @param {State} state @param {Node} node */
  nodeTitle(state, node) {
    if (!isTurn(state, node)) return nameOf(state, node);
    return `${node.depth ? 'Sub-RLM' : 'Root'} call, ${shortModel(node.model)}`;
  }

  facts() {
    const { node, batch } = this.selection;
    const found = batch ? this.batchFacts(batch) : this.nodeFacts(/** @type {Node} */ (node));
    return element('div', { class: 'facts' },
      ...found.map(([term, value]) => element('span', {}, `${term} `, element('b', {}, value))),
      this.origin(node ?? /** @type {Batch} */ (batch).items[0]),
      node ? element('span', { class: 'muted' }, `node ${node.number}`) : null);
  }

  /** The line of code that made a call; leads there. @param {Node} node */
  origin(node) {
    const { line, parent } = node;
    if (line === null || parent === null || this.host.state().nodes.get(parent)?.kind !== 'cell') return null;
    return element('a', {
      href: `?node=${parent}&line=${line}`, title: 'Show the line of code that made it',
      onclick: (/** @type {Event} */ event) => {
        event.preventDefault();
        this.tab = TABS[0];
        this.host.light(parent, line);
      },
    }, `from line ${line}`);
  }

  /** @param {Node} node @returns {[string, string][]} */
  nodeFacts(node) {
    const now = this.host.now();
    const found = /** @type {[string, string][]} */ ([
      ['start', clock(node.start)],
      [node.end === null ? 'running for' : 'took', shortTime(active(node, now))],
      ['cost', costText(subtreeCost(this.host.state(), node))],
    ]);
    if (node.input_tokens !== null) found.push(['tokens', tokensText(node)]);
    if (node.queued_ms && node.queued_ms >= 1) found.push(['queued', shortTime(node.queued_ms / 1000)]);
    if ((node.attempt ?? 1) > 1) found.push(['attempts', String(node.attempt)]);
    return found;
  }

  /** @param {Batch} batch @returns {[string, string][]} */
  batchFacts(batch) {
    const sums = figures(this.host.state(), batch, this.host.now());
    const found = /** @type {[string, string][]} */ ([
      ['took', shortTime(sums.end - sums.start)], ['cost', costText(sums.cost)],
    ]);
    if (sums.p50 !== null) found.push(['p50', shortTime(sums.p50)], ['p95', shortTime(/** @type {number} */ (sums.p95))]);
    if (sums.running) found.push(['done', `${sums.done} of ${sums.count}`]);
    return found;
  }

  tabList() {
    const can = this.tabsThatApply();
    const now = this.current();
    const names = this.selection.batch ? BATCH_TABS : TABS;
    const tabs = names.map((name, index) => element('button', {
      role: 'tab', type: 'button', 'data-tab': name, id: `tab-${index + 1}`, 'aria-controls': this.body.id,
      'aria-selected': String(name === now), disabled: !can.includes(name), tabindex: name === now ? 0 : -1,
      title: `${name} (${index + 1})`, onclick: () => this.choose(name),
    }, name));
    this.body.setAttribute('aria-labelledby', `tab-${names.indexOf(now) + 1}`);
    return element('div', { class: 'tabs', role: 'tablist', 'aria-label': 'Node' }, ...tabs);
  }

  /** The reader's address of the first piece of text that the node read. */
  readerLink() {
    return /** @type {HTMLAnchorElement | undefined} */ ($$('a[data-read]', this.body)[0])?.href ?? null;
  }
}

/** @param {string} status @param {string | null} error */
function chip(status, error) {
  const [style, sign] = ROLLING[status] ?? ROLLING.running;
  const word = /** @type {any} */ (STATUS_WORDS)[status] ?? status;
  return element('span', { class: `chip ${style}`, title: error ?? word },
    sign ? iconElement(sign) : element('span', { class: 'pulse' }), word);
}

/** @param {Batch} batch */
function batchChip(batch) {
  const failed = batch.items.filter(node => node.status === 'failed').length;
  if (failed) return element('span', { class: 'chip err' }, iconElement('err'), `${failed} failed`);
  return chip(batch.items.some(node => node.end === null) ? 'running' : 'succeeded', null);
}

function skeleton() {
  return element('div', { class: 'skels', role: 'status', 'aria-label': 'Loading' },
    ...['w60', 'w90', 'w75', 'w40'].map(width => element('div', { class: `skel ${width}` })));
}
