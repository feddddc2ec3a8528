// @ts-check
// The panel under the search box: what was found with the words around it, or what is wrong with the query, or the words
// that a query knows. A combobox: the keys stay in the box, arrows move in the list, Enter goes there.
import { whole } from './format.js';
import { $, $$, element, iconElement } from './ui.js';
import { nameOf } from './words.js';

/** @typedef {import('./finding.js').Finding} Finding */
/** @typedef {import('./finding.js').Hit} Hit */

/** Hits listed that have no snippet: figures alone were asked for. */
const MOST_PLAIN = 50;
/** Kept free below the panel: its foot, and the edge of the window. */
const ROOM_BELOW = 48;
const TEXT_WORDS = /** @type {Record<string, string>} */ ({
  request: 'prompt', response: 'reply', stdout: 'output', shown: 'output', question: 'question', reason: 'reason',
});

export class HitList {
  /** @param {Finding} finding */
  constructor(finding) {
    this.finding = finding;
    this.box = finding.box;
    this.panel = $('#find-drop');
    this.list = $('#find-list');
    this.foot = $('#find-foot');
    this.error = $('#find-error');
    this.active = -1;
    this.listen();
  }

  listen() {
    this.box.addEventListener('focus', () => this.open());
    this.box.addEventListener('click', () => this.open());
    this.box.addEventListener('keydown', event => this.key(event));
    const home = /** @type {HTMLElement} */ (this.box.closest('.finder'));
    home.addEventListener('focusout', event => {
      if (!home.contains(/** @type {Node | null} */ (event.relatedTarget))) this.close();
    });
    // a press in the panel leaves the focus where it is
    this.panel.addEventListener('pointerdown', (/** @type {Event} */ event) => {
      if (!/** @type {Element} */ (event.target).closest('button, a')) event.preventDefault();
    });
    this.list.addEventListener('click', (/** @type {Event} */ event) => {
      const option = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest('[data-node]'));
      if (option) this.finding.go(Number(option.dataset.node));
    });
    this.list.addEventListener('scroll', () => {
      const left = this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight;
      if (left < 200) this.more();
    }, { passive: true });
  }

  open() {
    this.panel.hidden = false;
    const { top } = this.panel.getBoundingClientRect();
    this.panel.style.setProperty('--room', `${Math.round(innerHeight - top - ROOM_BELOW)}px`);
    this.draw();
  }

  close() {
    this.panel.hidden = true;
    this.box.setAttribute('aria-expanded', 'false');
    this.box.removeAttribute('aria-activedescendant');
  }

  get isOpen() {
    return !this.panel.hidden;
  }

  // ---------------------------------------------------------------------------------------------- drawing

  draw() {
    const { finding } = this;
    this.error.hidden = !finding.trouble;
    this.error.lastElementChild.textContent = finding.trouble;
    this.box.setAttribute('aria-invalid', String(Boolean(finding.trouble)));
    if (finding.trouble && document.activeElement === this.box && !this.isOpen) return this.open();
    const listed = this.isOpen && finding.reading !== null;
    this.list.hidden = !listed;
    this.foot.hidden = !listed;
    finding.help.draw(this.isOpen && (finding.reading === null || finding.help.isAsked));
    this.box.setAttribute('aria-expanded', String(listed));
    if (!listed) return undefined;
    const { scrollTop } = this.list;
    this.list.replaceChildren(...this.listed().map((number, index) => this.option(number, index)));
    this.list.scrollTop = scrollTop;
    this.foot.textContent = this.footWords();
    return this.mark();
  }

  /** Numbers of the hits that stand in the list. */
  listed() {
    const { items, hits, reading } = this.finding;
    if (!reading?.texts.length) return hits.slice(0, MOST_PLAIN);
    return items.size ? hits.filter(number => items.has(number)) : hits.slice(0, MOST_PLAIN);
  }

  /** @param {number} number @param {number} index */
  option(number, index) {
    const { bench, items } = this.finding;
    const node = /** @type {import('./state.js').Node} */ (bench.state.nodes.get(number));
    const hit = items.get(number);
    return element('div', { role: 'option', id: `hit-${index}`, 'data-node': number, 'aria-selected': 'false' },
      element('span', { class: `k ${node.kind}`, title: node.kind }, iconElement(node.kind)),
      element('span', { class: 'find-words' },
        element('span', { class: 'row' }, element('span', { class: 'trunc grow' }, nameOf(bench.state, node)),
          element('span', { class: 'muted nw' }, `${placeWords(hit)}node ${whole(number)}`)),
        hit?.hit ? element('span', { class: 'find-snippet trunc' }, hit.before, element('mark', {}, hit.hit), hit.after) : null));
  }

  footWords() {
    const { asking, told, hits, trouble, bench } = this.finding;
    if (asking && told?.line === this.finding.line) {
      return `Searched ${whole(told.nodes)} of ${whole(bench.state.nodes.size)} nodes; looking further.`;
    }
    if (asking) return 'Searching the texts.';
    if (trouble) return hits.length ? 'What was found before is still shown.' : '';
    if (!hits.length) return 'Nothing fits. Take a word away, or look for other words.';
    const listed = this.listed().length;
    return listed < hits.length ? `${whole(listed)} of ${whole(hits.length)} are listed; n and N go through all.` : '';
  }

  // ---------------------------------------------------------------------------------------------- keys

  /** @param {KeyboardEvent} event */
  key(event) {
    const moves = /** @type {Record<string, number>} */ ({ ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 });
    if (event.key in moves && this.isOpen && !this.list.hidden) {
      event.preventDefault();
      this.move(moves[event.key]);
    } else if (event.key === 'Enter') {
      event.preventDefault();
      const option = $$('[data-node]', this.list)[this.active];
      if (this.isOpen && option) this.finding.go(Number(option.dataset.node));
      else this.finding.step(1);
    } else if (event.key === 'Escape') {
      event.preventDefault();
      if (this.isOpen && this.box.value) this.close();
      else this.finding.leave();
    }
  }

  /** @param {number} places */
  move(places) {
    const count = this.list.childElementCount;
    if (!count) return;
    this.active = this.active < 0 && places > 0 ? 0 : Math.max(0, Math.min(count - 1, this.active + places));
    if (this.active > count - 5) this.more();
    this.mark();
  }

  mark() {
    $$('[data-node]', this.list).forEach((option, index) => option.setAttribute('aria-selected', String(index === this.active)));
    const option = $$('[data-node]', this.list)[this.active];
    if (!option) return this.box.removeAttribute('aria-activedescendant');
    this.box.setAttribute('aria-activedescendant', option.id);
    return option.scrollIntoView({ block: 'nearest' });
  }

  more() {
    this.loading ??= this.finding.askMore().catch(() => null).finally(() => { this.loading = undefined; });
  }
}

/** @param {Hit | undefined} hit */
function placeWords(hit) {
  if (!hit?.text) return '';
  return `${TEXT_WORDS[hit.text] ?? hit.text} · `;
}
