// @ts-check
// The search box of the trace: which nodes fit, shown in the tree with all above them and lit in the time line.
import { whole } from './format.js';
import { matcher, search } from './layout.js';
import { after } from './walks.js';
import { $ } from './ui.js';

/** @typedef {import('./workbench.js').Workbench} Workbench */
/** @typedef {import('./state.js').Node} Node */

export class Finding {
  /** @param {Workbench} bench */
  constructor(bench) {
    this.bench = bench;
    this.box = /** @type {HTMLInputElement} */ ($('#node-search'));
    /** @type {number[]} numbers of the nodes that fit, in order */
    this.hits = [];
    /** @type {((node: Node) => boolean) | null} null: nothing is searched for */
    this.test = null;
    this.box.addEventListener('input', () => this.find());
  }

  /** Finds again, after events. */
  apply() {
    const result = this.test ? search(this.bench.state, this.test) : { hits: [], shown: null };
    this.hits = result.hits;
    this.bench.tree.shown = result.shown;
    $('#hits').textContent = this.test ? whole(result.hits.length) : '';
  }

  find() {
    this.test = matcher(this.box.value);
    this.apply();
    this.bench.light();
    this.bench.tree.update();
    this.bench.timeline.draw();
  }

  leave() {
    this.box.value = '';
    this.box.blur();
    this.find();
    this.bench.tree.select(this.bench.selected, { centre: true, focus: true });
  }

  /** The hit after the selected row, or before. @param {number} places */
  next(places) {
    return after(this.hits, this.bench.selected, places);
  }
}
