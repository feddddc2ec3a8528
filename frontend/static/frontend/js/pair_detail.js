// @ts-check
// The detail of a row: what both runs' nodes hold, side by side, fetched node by node.
import { whole } from './format.js';
import { sideView } from './sideview.js';
import { element, iconElement, request } from './ui.js';

/**
 * @typedef {{ kind: 'step' | 'lm' | 'rlm', node: number, replies: number[], cells: number[] }} Held  numbers of nodes
 * @typedef {{ id: string, letter: string, pages: string, data: string, trace: string }} Run
 * @typedef {{ runs: Run[], order: number[], rows: Record<string, (Held | null)[]>, strips: any[] }} Data  order: runs by column
 * @typedef {{ node: any, replies: any[], cells: any[] }} Texts
 */

export const TABS = ['Code', 'Output', 'Prompt', 'Reply'];
const APPLY = { step: TABS, lm: ['Prompt', 'Reply'], rlm: ['Prompt', 'Reply'] };
const KEPT = 200;

/** Fetches nodes, each once. */
export class Nodes {
  constructor() {
    /** @type {Map<string, Promise<any>>} */
    this.fetched = new Map();
  }

  /** @param {Run} run @param {number} number */
  fetch(run, number) {
    const address = `${run.data}/nodes/${number}`;
    const known = this.fetched.get(address);
    if (known) return known;
    const answer = request('GET', address);
    this.fetched.set(address, answer);
    answer.catch(() => this.fetched.delete(address));
    if (this.fetched.size > KEPT) this.fetched.delete(/** @type {string} */ (this.fetched.keys().next().value));
    return answer;
  }

  /** @param {Run} run @param {Held | null} held @returns {Promise<Texts | null>} */
  async texts(run, held) {
    if (!held) return null;
    const all = (/** @type {number[]} */ numbers) => Promise.all(numbers.map(number => this.fetch(run, number)));
    const [node, replies, cells] = await Promise.all([this.fetch(run, held.node), all(held.replies), all(held.cells)]);
    return { node, replies, cells };
  }
}

export class PairDetail {
  /**
   * @param {Data} data @param {string} id of the row @param {number} column which run stands beside the baseline
   * @param {{ nodes: Nodes, tab: string, choose: (tab: string, column: number) => void, close: () => void }} host
   */
  constructor(data, id, column, host) {
    this.data = data;
    this.held = data.rows[id];
    this.column = column;
    this.host = host;
    this.body = element('div', { class: 'det-b', id: 'pair-b', role: 'tabpanel', tabindex: 0 });
    this.head = element('div', { class: 'det-h' });
    this.element = element('li', { class: 'pair-detail' }, this.head, this.body);
    this.turn = 0;
    this.choose(host.tab, column);
  }

  /** Runs of the two sides: the baseline, and the one beside it. */
  sides() {
    return [this.data.order[0], this.data.order[this.column]].map(run => ({ run: this.data.runs[run], held: this.held[run] }));
  }

  tabsThatApply() {
    const held = this.sides().map(side => side.held).find(Boolean);
    const can = /** @type {string[]} */ (APPLY[held?.kind ?? 'step']);
    return held?.kind === 'step' && !this.sides().some(side => side.held?.cells.length) ? can.slice(2) : can;
  }

  /** @param {string} tab @param {number} column */
  choose(tab, column) {
    this.column = column;
    const can = this.tabsThatApply();
    this.tab = can.includes(tab) ? tab : can[0] === 'Prompt' ? 'Reply' : can[0];
    this.renderHead();
    this.render();
  }

  // ---------------------------------------------------------------------------------------------- head

  renderHead() {
    const can = this.tabsThatApply();
    const focused = this.head.contains(document.activeElement) && /** @type {HTMLElement} */ (document.activeElement).dataset.tab;
    const tabs = TABS.map(name => element('button', {
      role: 'tab', type: 'button', 'data-tab': name, id: `pair-tab-${name}`, 'aria-controls': 'pair-b',
      'aria-selected': String(name === this.tab), disabled: !can.includes(name), tabindex: name === this.tab ? 0 : -1,
      onclick: () => this.host.choose(name, this.column),
    }, name));
    const links = this.sides().filter(side => side.held).map(({ run, held }) => element('a', {
      class: 'btn sm', href: `${run.trace}?node=${/** @type {Held} */ (held).node}`,
    }, `${run.letter}’s trace`));
    this.head.replaceChildren(element('div', { class: 'row wrap' },
      element('div', { class: 'tabs', role: 'tablist', 'aria-label': 'Texts of this pair' }, ...tabs),
      element('div', { class: 'row end' }, this.beside(), ...links,
        element('button', { class: 'btn ghost icon sm', type: 'button', 'aria-label': 'Close', onclick: () => this.host.close() }, iconElement('x')))));
    this.body.setAttribute('aria-labelledby', `pair-tab-${this.tab}`);
    if (focused) /** @type {HTMLElement | null} */ (this.head.querySelector(`[data-tab="${focused}"]`))?.focus();
  }

  /** With more than two runs: which one stands beside the baseline. */
  beside() {
    if (this.data.order.length < 3) return null;
    const letters = this.data.order.map(run => this.data.runs[run].letter);
    const choices = letters.slice(1).map((letter, index) => element('button', {
      type: 'button', 'aria-pressed': String(index + 1 === this.column), 'data-beside': index + 1,
      onclick: () => this.host.choose(this.tab, index + 1),
    }, `${letters[0]} and ${letter}`));
    return element('div', { class: 'seg', role: 'group', 'aria-label': 'Runs side by side' }, ...choices);
  }

  // ---------------------------------------------------------------------------------------------- body

  async render() {
    const turn = ++this.turn;
    const sides = this.sides();
    const waiting = setTimeout(() => this.body.replaceChildren(skeleton()), 120);
    try {
      const texts = await Promise.all(sides.map(({ run, held }) => this.host.nodes.texts(run, held)));
      if (turn !== this.turn) return;
      const letters = element('div', { class: 'drow heads' },
        ...sides.map(({ run, held }) => element('div', {}, element('span', { class: `badge ${run.letter.toLowerCase()}` }, run.letter),
          held ? null : element('span', { class: 'muted small' }, ' has no such part'))));
      this.body.replaceChildren(letters, ...SHOWN[this.tab](texts[0], texts[1]));
    } catch (error) {
      if (turn === this.turn) this.body.replaceChildren(this.failure(error));
    } finally {
      clearTimeout(waiting);
    }
  }

  /** @param {any} error */
  failure(error) {
    return element('div', { class: 'state err' }, iconElement('err'), element('h3', {}, 'These nodes could not be loaded'),
      element('p', {}, error.message),
      element('button', { class: 'btn', type: 'button', onclick: () => this.render() }, 'Try again'));
  }
}

const skeleton = () => element('div', { class: 'skels', 'aria-label': 'Loading' },
  ...['w60', 'w90', 'w75', 'w40'].map(width => element('div', { class: `skel ${width}` })));

// ------------------------------------------------------------------------------------------------ texts

/** @type {Record<string, (one: Texts | null, other: Texts | null) => HTMLElement[]>} */
const SHOWN = {
  Code: (one, other) => [sideView(joined(one, 'code'), joined(other, 'code'), { code: true })],
  Output: (one, other) => [sideView(joined(one, 'stdout'), joined(other, 'stdout')), ...errors(one, other)],
  Reply: (one, other) => [sideView(reply(one), reply(other))],
  Prompt: prompts,
};

/** The texts of all cells. @param {Texts | null} texts @param {string} name */
const joined = (texts, name) => texts && texts.cells.map(cell => cell[name] ?? '').filter(Boolean).join('\n\n');

/** @param {Texts | null} texts */
const reply = texts => texts && (texts.node.answer ?? texts.replies.map(call => call.response ?? errorWords(call)).join('\n\n'));

/** @param {any} node */
const errorWords = node => (node.error ? `${node.error.kind}: ${node.error.message ?? ''}` : '');

/** @param {Texts | null} one @param {Texts | null} other */
function errors(one, other) {
  const [left, right] = [one, other].map(texts => texts && texts.cells.map(cell => cell.error?.traceback ?? errorWords(cell)).filter(Boolean).join('\n'));
  return left || right ? [element('h3', {}, 'Errors'), sideView(left ?? '', right ?? '')] : [];
}

/** @param {Texts | null} texts @returns {{ role: string, content: string }[]} */
function messages(texts) {
  if (!texts) return [];
  if (texts.node.question !== undefined) return [{ role: 'task', content: texts.node.question }];
  return texts.replies.at(-1)?.request ?? [];
}

/** Message by message; the first that differs is open. @param {Texts | null} one @param {Texts | null} other */
function prompts(one, other) {
  const [ours, theirs] = [messages(one), messages(other)];
  const places = [...Array(Math.max(ours.length, theirs.length)).keys()];
  const differs = (/** @type {number} */ at) => ours[at]?.content !== theirs[at]?.content || ours[at]?.role !== theirs[at]?.role;
  const first = places.find(differs) ?? places.at(-1);
  if (!places.length) return [element('p', { class: 'muted small' }, 'No prompt was recorded.')];
  return places.map(at => message(ours[at], theirs[at], one && other ? differs(at) : false, at === first));
}

/** @param {any} ours @param {any} theirs @param {boolean} differs @param {boolean} open */
function message(ours, theirs, differs, open) {
  const length = whole((ours ?? theirs).content.length);
  const says = `${length} characters${differs ? ', differs' : ours && theirs ? ', the same' : ''}`;
  const made = element('details', { class: 'older', open }, element('summary', {},
    (ours ?? theirs).role, element('span', { class: 'muted aside' }, says)));
  const fill = () => {
    if (made.open && made.children.length === 1) made.append(sideView(ours?.content ?? null, theirs?.content ?? null));
  };
  made.addEventListener('toggle', fill);
  fill();
  return made;
}
