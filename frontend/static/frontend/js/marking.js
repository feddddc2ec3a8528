// @ts-check
// Marks what is searched for in the texts of the detail, and brings a hit into view. The marks are ranges painted by the
// browser (CSS.highlights): the page itself stays as it is, with the notes drawn on it.
import { unitAt } from './lines.js';
import { textsIn } from './notes.js';
import { showOutput } from './panels/code.js';
import { marks } from './query.js';
import { piecesOf } from './spans.js';
import { NodeText } from './texts.js';
import { $$ } from './ui.js';

/** @typedef {import('./finding.js').Hit} Hit */
/** @typedef {import('./spans.js').Piece} Piece */

const MOST_MARKS = 2_000;
/** Characters of a text that are fetched at once, at most, to come to a hit; and after it. */
const WINDOW = 200_000;
const AROUND = 5_000;
/** A hit further down than so many characters is not gone to. */
const FURTHEST = 2_000_000;
const TAB_OF = /** @type {Record<string, string>} */ ({
  code: 'Code + output', stdout: 'Code + output', shown: 'Code + output', request: 'Prompt', question: 'Prompt',
  response: 'Response', reasoning: 'Response', answer: 'Response', thought: 'Response', notes: 'Response', reason: 'Response',
});
/** Under which scope (`in:`) a text is looked for. */
const SCOPE_OF = /** @type {Record<string, string>} */ ({
  code: 'code', request: 'prompt', question: 'prompt', notes: 'prompt', response: 'reply', reasoning: 'reply',
  stdout: 'output', shown: 'output', thought: 'thought', answer: 'answer',
});

export class Marking {
  /** @param {import('./detail.js').Detail} detail */
  constructor(detail) {
    this.detail = detail;
    /** @type {import('./query.js').Reading | null} */
    this.reading = null;
    /** @type {Hit | null} the hit to bring into view */
    this.target = null;
    detail.body.addEventListener('shown', () => this.draw());
    detail.body.addEventListener('more', () => this.paint());
  }

  /** Turns to the tab where a hit is, and to its place. @param {Hit} hit */
  async show(hit) {
    this.target = hit;
    const tab = this.tabOf(hit);
    if (hit.text === 'stdout' || hit.text === 'shown') showOutput(hit.text);
    await this.fetchTo(hit);
    if (this.target !== hit) return;
    if (tab) this.detail.choose(tab);
    else this.draw();
  }

  /** Fetches so much of a long text that the hit is in it. @param {Hit} hit */
  async fetchTo(hit) {
    const full = await this.detail.fetchNode(hit.node).catch(() => null);
    const name = nameOf(hit);
    if (!full || !hit.end || hit.end > FURTHEST || !(name.split('.')[0] in SCOPE_OF)) return;
    const text = new NodeText(full, name);
    while (!text.isWhole && text.known < hit.end) await text.more(Math.min(WINDOW, hit.end - text.known + AROUND));
  }

  /** @param {Hit} hit */
  tabOf({ text, texts }) {
    const can = this.detail.tabsThatApply();
    const here = this.detail.current();
    if (texts.some(name => TAB_OF[name] === here)) return here;
    if (text === 'error') return can.includes('Code + output') ? 'Code + output' : 'Response';
    return text && can.includes(TAB_OF[text]) ? TAB_OF[text] : '';
  }

  draw() {
    this.paint();
    if (this.target) this.reveal(this.target);
  }

  paint() {
    if (!('highlights' in CSS)) return;
    const words = this.reading && marks(this.reading.texts);
    const ranges = words ? this.shownTexts().flatMap(({ holder }) => rangesOf(holder, words)) : [];
    if (ranges.length) CSS.highlights.set('found', new Highlight(...ranges.slice(0, MOST_MARKS)));
    else CSS.highlights.delete('found');
    CSS.highlights.delete('found-here');
  }

  /** Texts on the page in which is searched. */
  shownTexts() {
    const { full, body } = this.detail;
    const scopes = this.reading?.scopes ?? [];
    return full ? textsIn(body, full).filter(({ name }) => scopes.includes(SCOPE_OF[name.split('.')[0]])) : [];
  }

  /** Scrolls to a hit, once. @param {Hit} hit */
  reveal(hit) {
    if (this.detail.selection.node?.number !== hit.node || this.detail.full?.number !== hit.node) return;
    const range = this.rangeOf(hit) ?? this.firstRange();
    if (!range) return;
    this.target = null;
    if ('highlights' in CSS) CSS.highlights.set('found-here', new Highlight(range));
    scrollTo(range, this.detail.body);
  }

  /** Where the server says the hit is. @param {Hit} hit @returns {Range | null} */
  rangeOf(hit) {
    const name = nameOf(hit);
    const shown = this.shownTexts().find(each => each.name === name);
    if (!shown || hit.start === null || hit.end === null) return null;
    const [first, last] = [unitAt(shown.text, hit.start), unitAt(shown.text, hit.end)];
    openUp(shown.holder);
    return rangeBetween(piecesOf(shown.holder, shown.text), first, last);
  }

  /** The first mark on the page: the hit stands in a text that this tab does not show. @returns {Range | undefined} */
  firstRange() {
    const words = this.reading && marks(this.reading.texts);
    if (!words) return undefined;
    for (const { holder } of this.shownTexts()) {
      const [range] = rangesOf(holder, words);
      if (range) {
        openUp(holder);
        return range;
      }
    }
    return undefined;
  }
}

/** @param {HTMLElement} holder @param {RegExp} words @returns {Range[]} */
function rangesOf(holder, words) {
  const text = textOf(holder);
  const pieces = piecesOf(holder, text);
  const found = [];
  for (const match of text.matchAll(words)) {
    const range = rangeBetween(pieces, match.index, match.index + match[0].length);
    if (range) found.push(range);
    if (found.length >= MOST_MARKS) break;
  }
  return found;
}

/** What is shown of a text. @param {HTMLElement} holder */
function textOf(holder) {
  const lines = $$(':scope > .ln', holder);
  return lines.length ? lines.map(line => line.textContent).join('\n') : holder.textContent ?? '';
}

/** @param {Piece[]} pieces in order @param {number} start @param {number} end */
function rangeBetween(pieces, start, end) {
  const first = pieces[indexAt(pieces, start)];
  const last = pieces[indexAt(pieces, end - 1)];
  if (!first || !last || start < first.from || end > last.from + last.length) return null;
  const range = document.createRange();
  range.setStart(first.node, first.at + start - first.from);
  range.setEnd(last.node, last.at + end - last.from);
  return range;
}

/** The last piece that begins at or before a place. @param {Piece[]} pieces @param {number} place */
function indexAt(pieces, place) {
  let [low, high] = [0, pieces.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (pieces[middle].from <= place) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** @param {HTMLElement} holder */
function openUp(holder) {
  for (let up = holder.parentElement; up; up = up.parentElement) if (up instanceof HTMLDetailsElement) up.open = true;
}

/** The text's name on the page. @param {Hit} hit */
const nameOf = ({ text, message }) => (message === null ? text ?? '' : `${text}.${message}`);

/** Brings a range into the middle of what scrolls around it, up to the pane. @param {Range} range @param {HTMLElement} pane */
function scrollTo(range, pane) {
  for (let up = range.startContainer.parentElement; up; up = up.parentElement) {
    const box = range.getBoundingClientRect();
    const view = up.getBoundingClientRect();
    if (up.scrollHeight > up.clientHeight + 1 && (box.top < view.top || box.bottom > view.bottom)) {
      up.scrollTop += box.top - view.top - (up.clientHeight - box.height) / 3;
    }
    if (up.scrollWidth > up.clientWidth + 1 && (box.left < view.left || box.right > view.right)) {
      up.scrollLeft += box.left - view.left - 40;
    }
    if (up === pane) break;
  }
}
