// @ts-check
// Reads documents of any length: only a few windows of text around the view are on the page. What is not there is
// stood in for by two empty boxes whose height is guessed from their number of characters.

import { press, register } from './actions.js';
import { $, $$, ApiError, api, failure, toast } from './ui.js';
import { lines, wholeLines } from './lines.js';
import { share, whole } from './format.js';
import { whenRead } from './documents.js';

const WINDOW = 12_000;
/** Windows kept on the page at most. */
const KEPT = 6;
/** Browsers draw no box taller than about 16 million pixels; beyond that the boxes are shrunk. */
const TALLEST = 8_000_000;
const GUESSED_HEIGHT = 0.3;

/** @typedef {{ start: number, end: number, box: HTMLElement }} Window */

class Reader {
  /** @param {HTMLElement} view */
  constructor(view) {
    this.view = view;
    this.id = /** @type {string} */ (view.dataset.document);
    this.chars = Number(view.dataset.chars);
    /** @type {[number, number] | null} */
    this.mark = view.dataset.from ? [Number(view.dataset.from), Number(view.dataset.to)] : null;
    const box = $('.window', view);
    /** @type {Window[]} in the order of the text, without gaps */
    this.windows = [{ start: Number(view.dataset.start), end: Number(view.dataset.end), box }];
    this.above = document.createElement('div');
    this.below = document.createElement('div');
    for (const more of $$('.more', view)) more.remove();
    box.before(this.above);
    box.after(this.below);
    this.height = Math.min(GUESSED_HEIGHT * this.chars, TALLEST) / Math.max(1, this.chars);
    this.busy = false;
    /** Counts jumps; a window fetched for an earlier place is thrown away. */
    this.jumps = 0;
    this.placed = () => {};
    /** @type {HTMLElement | null} what says that a part is missing */
    this.failed = null;
    this.guess();
    this.space();
    view.addEventListener('scroll', () => this.scrolled(), { passive: true });
    new ResizeObserver(() => this.scrolled()).observe(view);
  }

  get first() {
    return this.windows[0].start;
  }

  get last() {
    return /** @type {Window} */ (this.windows.at(-1)).end;
  }

  /** Learns how tall a character is from what is on the page. */
  guess() {
    const [{ box, start, end }] = this.windows;
    if (end > start && box.offsetHeight) this.height = Math.min(box.offsetHeight / (end - start), TALLEST / Math.max(1, this.chars));
  }

  space() {
    this.above.style.height = `${this.first * this.height}px`;
    this.below.style.height = `${(this.chars - this.last) * this.height}px`;
  }

  /** Changes the page without moving what the reader sees. @param {() => void} change */
  steady(change) {
    const seen = this.windows.find(({ box }) => box.offsetTop + box.offsetHeight > this.view.scrollTop) ?? this.windows[0];
    const before = seen.box.offsetTop;
    change();
    this.space();
    if (seen.box.isConnected) this.view.scrollTop += seen.box.offsetTop - before;
  }

  /** @param {number} start @param {number} end */
  async fetch(start, end) {
    return api('GET', `/documents/${this.id}/text?start=${Math.max(0, start)}&end=${Math.min(this.chars, end)}`);
  }

  /** @param {{ start: number, end: number, text: string }} piece @returns {Window} */
  made(piece) {
    const box = document.createElement('div');
    box.className = 'window';
    box.append(...lines(piece.text, piece.start, this.mark));
    return { start: piece.start, end: piece.end, box };
  }

  scrolled() {
    this.placed();
    if (!this.busy) this.fill();
  }

  /** Brings what should be on the page, one window after the other. */
  async fill() {
    this.busy = true;
    try {
      while (await this.bringOne()) this.failed?.remove();
    } catch (error) {
      this.fail(error, () => this.fill());
    } finally {
      this.busy = false;
    }
  }

  /** Says in the text that some of it is missing. @param {unknown} error @param {() => void} again */
  fail(error, again) {
    if (!(error instanceof ApiError)) throw error;
    this.failed?.remove();
    this.failed = failure('This part of the text could not be loaded', error, () => {
      this.failed?.remove();
      again();
    });
    this.failed.classList.add('reader-failed');
    this.view.append(this.failed);
  }

  /** @returns {Promise<boolean>} whether something was brought */
  async bringOne() {
    const { view } = this;
    const [top, bottom] = [view.scrollTop, view.scrollTop + view.clientHeight];
    const begin = this.above.offsetHeight;
    const end = view.scrollHeight - this.below.offsetHeight;
    const margin = view.clientHeight;
    if (bottom < begin - margin || top > end + margin) {
      await this.jump(Math.floor((top < begin ? top / this.height : this.chars - (view.scrollHeight - top) / this.height)));
      return false;
    }
    if (bottom > end - margin && this.last < this.chars) return this.append();
    if (top < begin + margin && this.first > 0) return this.prepend();
    return false;
  }

  async append() {
    const jumps = this.jumps;
    const piece = wholeLines(await this.fetch(this.last, this.last + WINDOW), this.chars, [this.last, this.last + 1]);
    if (jumps !== this.jumps) return false;
    this.steady(() => {
      const added = this.made(piece);
      this.below.before(added.box);
      this.windows.push(added);
      if (this.windows.length > KEPT) /** @type {Window} */ (this.windows.shift()).box.remove();
    });
    return true;
  }

  async prepend() {
    const jumps = this.jumps;
    const piece = wholeLines(await this.fetch(this.first - WINDOW, this.first), this.first, [this.first - 1, this.first]);
    if (jumps !== this.jumps) return false;
    this.steady(() => {
      const added = this.made(piece);
      this.above.after(added.box);
      this.windows.unshift(added);
      if (this.windows.length > KEPT) /** @type {Window} */ (this.windows.pop()).box.remove();
    });
    return true;
  }

  /** Shows the text around a character, or a span marked. @param {number} at @param {[number, number] | null} [mark] */
  async jump(at, mark) {
    const jumps = ++this.jumps;
    at = Math.max(0, Math.min(this.chars - 1, at));
    if (mark !== undefined) this.mark = mark;
    const keep = /** @type {[number, number]} */ (this.mark && this.mark[0] === at ? [at, Math.min(this.mark[1], at + WINDOW / 2)] : [at, at + 1]);
    const piece = wholeLines(await this.fetch(at - WINDOW / 2, at + WINDOW), this.chars, keep);
    if (jumps !== this.jumps) return;
    this.failed?.remove();
    for (const { box } of this.windows) box.remove();
    const shown = this.made(piece);
    this.above.after(shown.box);
    this.windows = [shown];
    this.space();
    this.show(at);
  }

  /** The same, and says so where it cannot be done. @param {number} at @param {[number, number] | null} mark */
  async go(at, mark) {
    try {
      await this.jump(at, mark);
    } catch (error) {
      this.fail(error, () => this.go(at, mark));
    }
  }

  /** Scrolls to the line of a character that is on the page. @param {number} at */
  show(at) {
    const marked = this.mark && this.mark[0] === at ? $('mark', this.view) : null;
    const target = marked ?? $$('p[data-start]', this.view).findLast(line => Number(line.dataset.start) <= at);
    if (!target) return;
    const offset = target.getBoundingClientRect().top - this.view.getBoundingClientRect().top;
    this.view.scrollTop += offset - this.view.clientHeight / 3;
  }

  /** Offset of the first line in view. */
  get place() {
    const top = this.view.getBoundingClientRect().top;
    const line = $$('p[data-start]', this.view).find(each => each.getBoundingClientRect().bottom > top);
    return line ? Number(line.dataset.start) : this.first;
  }
}

// ---------------------------------------------------------------------------------------------- tools

/** @param {Reader} reader */
function wireTools(reader) {
  const [word, said, goTo, place] = [$('#find-in'), $('#find-said'), $('#go-to'), $('#place')];

  const tellPlace = () => {
    place.textContent = `${share(reader.place, reader.chars)}`;
    for (const part of $$('#parts a[data-start]')) part.removeAttribute('aria-current');
    $$('#parts a[data-start]').findLast(part => Number(part.dataset.start) <= reader.place)?.setAttribute('aria-current', 'true');
  };
  let pending = 0;
  reader.placed = () => {
    cancelAnimationFrame(pending);
    pending = requestAnimationFrame(tellPlace);
  };
  tellPlace();

  const look = async (/** @type {boolean} */ back) => {
    const text = word.value;
    if (!text) return;
    said.textContent = 'Looking …';
    try {
      const from = reader.mark ? reader.mark[0] + (back ? 0 : 1) : reader.place;
      const found = await find(reader, text, from, back) ?? await find(reader, text, back ? reader.chars : 0, back);
      said.textContent = found ? `at ${whole(found.start)}` : 'not in this document';
      if (!found) return;
      await reader.jump(found.start, [found.start, found.end]);
      history.replaceState(null, '', `?at=${found.start}-${found.end}`);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      said.textContent = error.message;
    }
  };
  $('#tools').addEventListener('submit', event => {
    event.preventDefault();
    if (document.activeElement === goTo) reader.go(Number(goTo.value.replace(/\D/g, '')), null);
    else look(false);
  });
  $('#find-previous').addEventListener('click', () => look(true));
  for (const part of $$('#parts a[data-start]')) {
    part.addEventListener('click', event => {
      event.preventDefault();
      reader.go(Number(part.dataset.start), null);
      history.replaceState(null, '', part.getAttribute('href'));
    });
  }
  const group = 'Document';
  register([
    { id: 'text.find', words: 'Find in the text', group, keys: ['/'], icon: 'find', run: () => word.focus() },
    { id: 'text.next', words: 'Next / previous match', shown: 'n / N', group, keys: ['n'], listed: false, run: () => { look(false); } },
    { id: 'text.previous', words: 'Previous match', shown: '', group, keys: ['N'], listed: false, run: () => { look(true); } },
    { id: 'text.go', words: 'Go to a character', group, icon: 'chev', run: () => goTo.focus() },
    { id: 'text.ask', words: 'Ask about this document', group, icon: 'lm', ...press('.actions a.primary') },
  ]);
}

/**
 * The server looks through a stretch at a time and says where to go on.
 * @param {Reader} reader @param {string} text @param {number} from @param {boolean} back
 * @returns {Promise<{ start: number, end: number } | null>}
 */
async function find(reader, text, from, back) {
  for (let next = from; ;) {
    const told = await api('GET', `/documents/${reader.id}/find?q=${encodeURIComponent(text)}&from=${next}&back=${back}`);
    if (told.start !== null) return told;
    if (told.next === null) return null;
    next = told.next;
  }
}

const view = $('#reader');
if (view && Number(view.dataset.chars)) {
  const reader = new Reader(view);
  wireTools(reader);
  if (reader.mark) reader.show(reader.mark[0]);
  reader.scrolled();
}
const waiting = $('[data-wait]');
if (waiting) whenRead(waiting.dataset.wait).then(() => location.reload(), error => toast(error.message));
