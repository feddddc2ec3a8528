// @ts-check
// The list of steps side by side: which row is chosen, which is open, and the way from one difference to the next.
import { tell, told } from './address.js';
import { Nodes, PairDetail } from './pair_detail.js';
import { $, $$ } from './ui.js';

/** @typedef {import('./pair_detail.js').Data} Data */

export class Pairs {
  /** @param {HTMLElement} list @param {Data} data */
  constructor(list, data) {
    this.list = list;
    this.data = data;
    this.nodes = new Nodes();
    this.chosen = '';
    /** @type {PairDetail | null} */
    this.detail = null;
    this.tab = told('tab');
    this.column = Math.max(1, this.data.order.findIndex(run => this.data.runs[run].id === told('to')));
    this.listen();
    const id = told('pair');
    if (this.row(id)) this.choose(id, { open: Boolean(told('tab')) });
  }

  listen() {
    for (const button of $$('[data-open]', this.list)) {
      if (!this.data.rows[button.closest('.pair').dataset.id]) continue; // a batch: its items are rows of their own
      button.disabled = false;
      button.setAttribute('aria-expanded', 'false');
    }
    this.list.addEventListener('click', event => {
      const target = /** @type {HTMLElement} */ (event.target);
      const row = /** @type {HTMLElement | null} */ (target.closest('.pair'));
      if (!row || target.closest('a') || getSelection()?.toString()) return;
      const column = Number(/** @type {HTMLElement | null} */ (target.closest('[data-open]'))?.dataset.open) || this.column;
      this.toggle(/** @type {string} */ (row.dataset.id), column);
    });
    $('#only').addEventListener('change', (/** @type {any} */ event) => this.showOnly(event.target.checked));
  }

  /** @param {string} id @returns {HTMLElement | null} */
  row(id) {
    return id ? $(`.pair[data-id="${CSS.escape(id)}"]`, this.list) : null;
  }

  /** @param {boolean} only differences */
  showOnly(only) {
    this.list.classList.toggle('only-diff', only);
    tell({ only: only ? '1' : '' });
    this.tellWhere();
  }

  // ---------------------------------------------------------------------------------------------- differences

  differences() {
    return /** @type {HTMLElement[]} */ ($$('.pair:not([data-same])', this.list));
  }

  /** To the next difference, or the one before. @param {number} step */
  go(step) {
    const all = this.differences();
    if (!all.length) return;
    const at = all.findIndex(row => row.dataset.id === this.chosen);
    const next = at < 0 ? (step > 0 ? 0 : all.length - 1) : (at + step + all.length) % all.length;
    this.choose(/** @type {string} */ (all[next].dataset.id), { open: this.detail !== null, scroll: true });
  }

  /** @param {string} id @param {{ open?: boolean, scroll?: boolean }} [how] */
  choose(id, { open = false, scroll = true } = {}) {
    const row = this.row(id);
    if (!row) return;
    if (id !== this.chosen) this.close();
    for (const each of $$('.pair.now', this.list)) {
      each.classList.remove('now');
      each.removeAttribute('aria-current');
    }
    row.classList.add('now');
    row.setAttribute('aria-current', 'true');
    this.chosen = id;
    tell({ pair: id });
    this.tellWhere();
    if (open) this.open(id, this.column);
    if (scroll) /** @type {HTMLElement} */ (row.firstElementChild).scrollIntoView({ block: 'center', behavior: 'smooth' });
  }

  tellWhere() {
    const all = this.differences();
    const at = all.findIndex(row => row.dataset.id === this.chosen);
    if (at >= 0) $('#where').textContent = `Difference ${at + 1} of ${all.length}`;
  }

  // ---------------------------------------------------------------------------------------------- detail

  /** @param {string} id @param {number} column */
  toggle(id, column) {
    const isOpen = this.detail && this.chosen === id && this.detail.column === column;
    this.choose(id, { scroll: false });
    if (isOpen) this.close();
    else this.open(id, column);
  }

  /** @param {string} id @param {number} column */
  open(id, column) {
    this.close();
    const row = this.row(id);
    if (!row || !this.data.rows[id]) return;
    this.column = column;
    this.detail = new PairDetail(this.data, id, column, {
      nodes: this.nodes, tab: this.tab, choose: (tab, beside) => this.show(tab, beside), close: () => this.close(),
    });
    row.after(this.detail.element);
    for (const button of $$('[data-open]', row)) button.setAttribute('aria-expanded', 'true');
    this.tellOpen();
  }

  /** @param {string} tab @param {number} column */
  show(tab, column) {
    this.tab = tab;
    this.column = column;
    this.detail?.choose(tab, column);
    this.tellOpen();
  }

  tellOpen() {
    const { order, runs } = this.data;
    tell({ tab: this.detail?.tab ?? '', to: this.detail && order.length > 2 ? runs[order[this.column]].id : '' });
  }

  close() {
    if (!this.detail) return;
    const { element: shown } = this.detail;
    const hadFocus = shown.contains(document.activeElement);
    shown.remove();
    this.detail = null;
    const row = this.row(this.chosen);
    for (const button of row ? $$('[data-open]', row) : []) {
      button.setAttribute('aria-expanded', 'false');
      if (hadFocus) button.focus();
    }
    tell({ tab: '', to: '' });
  }
}
