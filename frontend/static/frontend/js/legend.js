// @ts-check
// The sentence of the critical path below the time line. Each clause leads to its nodes: the longest of them is selected,
// all else is dimmed.
import { traceAt } from './place.js';
import { words } from './sentence.js';
import { $, element } from './ui.js';

/** @typedef {import('./workbench.js').Workbench} Workbench */
/** @typedef {import('./sentence.js').Part} Part */

export class Legend {
  /** @param {Workbench} bench */
  constructor(bench) {
    this.bench = bench;
    this.place = /** @type {HTMLElement} */ ($('#critical-words'));
    /** @type {Part[]} */
    this.parts = [];
    this.told = '';
  }

  /** Key of the clause whose nodes are lit; '' for none. */
  get chosen() {
    return this.bench.lights.of('path');
  }

  draw() {
    const path = this.bench.timeline.plan?.critical;
    this.parts = path ? words(path) : [];
    const shown = this.bench.timeline.showCritical ? this.parts : [];
    const told = `${this.chosen} ${shown.map(part => part.text).join('')}`;
    if (told === this.told) return;
    this.told = told;
    const focused = /** @type {HTMLElement | null} */ (this.place.contains(document.activeElement) ? document.activeElement : null)?.dataset.clause;
    this.place.replaceChildren(...(shown.length ? [element('i', { class: 'sw critical' }), element('span', {}, 'critical path: ', ...shown.map(part => this.piece(part)))] : []));
    if (focused) $(`[data-clause="${focused}"]`, this.place)?.focus();
  }

  /** @param {Part} part */
  piece(part) {
    if (part.node === null) return part.text;
    return element('a', {
      href: `${traceAt(part.node)}&path=${part.key}`, 'data-clause': part.key, title: 'Show these nodes',
      'aria-current': part.key === this.chosen ? 'true' : null,
      onclick: (/** @type {Event} */ event) => {
        event.preventDefault();
        this.bench.lights.choose('path', part.key, String(part.node), 'path');
      },
    }, part.text);
  }

  /** @param {string} key @returns {number[]} */
  nodes(key) {
    return this.parts.filter(part => part.key === key).flatMap(part => part.nodes);
  }
}
