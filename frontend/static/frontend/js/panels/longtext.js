// @ts-check
// A text of any length: what is here of it, more as one scrolls, and its end for those in a hurry.
import { whole } from '../format.js';
import { element, toast } from '../ui.js';

/** @typedef {import('../texts.js').NodeText} NodeText */

/** Pixels above the end of what is here at which the next window is fetched. */
const AHEAD = 800;
const CUT = /^… \[[\d,]+ characters not shown\] …$/m;

/**
 * @param {NodeText} text
 * @param {{ cut?: boolean }} [how] cut: the line that says what the model did not see stands out
 */
export function longText(text, { cut = false } = {}) {
  return new LongText(text, cut).holder;
}

class LongText {
  /** @param {NodeText} text @param {boolean} cut */
  constructor(text, cut) {
    this.text = text;
    this.cut = cut;
    this.busy = false;
    this.pre = element('pre', { class: 'code plain', tabindex: 0, 'data-text': text.name, 'aria-busy': 'false' });
    this.tail = element('pre', { class: 'code plain', tabindex: 0, hidden: true });
    this.button = element('button', { class: 'btn sm', type: 'button', onclick: () => this.more() });
    this.jump = element('button', { class: 'btn ghost sm', type: 'button', onclick: () => this.showEnd() }, 'Show the end');
    this.foot = element('div', { class: 'row wrap' }, this.button, this.jump);
    this.holder = element('div', { class: 'longtext' }, this.pre, this.foot, this.tail);
    this.pre.addEventListener('scroll', () => this.nearEnd(), { passive: true });
    this.open = this.block();
    this.append(text.here);
    this.tell();
  }

  /** Pieces stand in blocks of their own, so that a new one does not lay out all before it again. */
  block() {
    return this.pre.appendChild(element('div', { class: 'piece' }));
  }

  /** @param {string} piece */
  append(piece) {
    const lines = piece.lastIndexOf('\n') + 1;
    this.fill(piece.slice(0, lines));
    if (lines && lines < piece.length) this.open = this.block();
    this.fill(piece.slice(lines));
    if (lines && lines === piece.length) this.open = this.block();
  }

  /** @param {string} piece */
  fill(piece) {
    const found = this.cut ? piece.match(CUT) : null;
    if (found?.index === undefined) return this.open.append(piece);
    const end = found.index + found[0].length + 1;
    this.open.append(piece.slice(0, found.index), element('span', { class: 'cut' }, piece.slice(found.index, end)), piece.slice(end));
  }

  tell() {
    const { chars, known, isWhole } = this.text;
    this.foot.hidden = isWhole;
    this.button.textContent = `Show more (${whole(known)} of ${whole(chars)} characters)`;
  }

  nearEnd() {
    if (this.pre.scrollHeight - this.pre.scrollTop - this.pre.clientHeight < AHEAD) this.more();
  }

  async more() {
    if (this.busy || this.text.isWhole) return;
    this.busy = true;
    this.pre.setAttribute('aria-busy', 'true');
    try {
      this.append(await this.text.more());
      if (this.text.isWhole) this.tail.hidden = true;
      this.holder.dispatchEvent(new Event('more', { bubbles: true }));
    } catch (error) {
      toast(/** @type {Error} */ (error).message);
    }
    this.pre.setAttribute('aria-busy', 'false');
    this.busy = false;
    this.tell();
  }

  async showEnd() {
    try {
      this.tail.textContent = await this.text.end();
    } catch (error) {
      return toast(/** @type {Error} */ (error).message);
    }
    this.tail.hidden = false;
    this.jump.hidden = true;
    this.tail.scrollTop = this.tail.scrollHeight;
    return this.tail.focus();
  }
}
