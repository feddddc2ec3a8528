// @ts-check
// Which nodes are lit, and all others dimmed, beside the selection: those of a clause of the critical path, the calls that
// one line of the selected cell made, or calls that answered alike. It stands in the address.

/** @typedef {import('./workbench.js').Workbench} Workbench */

/** Names in the address. */
export const LIGHTS = /** @type {const} */ (['path', 'line', 'calls']);
const LONGEST = 1_000;

export class Lights {
  /** @param {Workbench} bench */
  constructor(bench) {
    this.bench = bench;
    /** @type {'' | 'path' | 'line' | 'calls'} */
    this.kind = '';
    /** Key of the clause, number of the line, or numbers of the calls. */
    this.value = '';
  }

  /** @returns {number[] | null} null: nothing is dimmed */
  get numbers() {
    if (this.kind === 'path') return this.bench.legend.nodes(this.value);
    if (this.kind === 'calls') return this.value.split(',').map(Number);
    if (this.kind !== 'line') return null;
    const { state, selected } = this.bench;
    const called = (state.children.get(Number(selected)) ?? []).filter(number => String(state.nodes.get(number)?.line) === this.value);
    return called.length ? called : null;
  }

  /** What is lit of this kind. @param {'path' | 'line' | 'calls'} kind */
  of(kind) {
    return this.kind === kind ? this.value : '';
  }

  /** For the address, which holds only so much. */
  get told() {
    return this.value.length <= LONGEST ? this.value : '';
  }

  /**
   * Selects a row and lights some nodes. What is lit of the row that is selected already is put out again.
   * @param {'path' | 'line' | 'calls'} kind @param {string} value @param {string} id @param {string} from who chose
   */
  choose(kind, value, id, from) {
    const again = id === this.bench.selected;
    const lit = again && this.of(kind) === value;
    const light = () => {
      this.kind = lit ? '' : kind;
      this.value = lit ? '' : value;
    };
    if (!again) return this.bench.select(id, from, light);
    light();
    return this.bench.relight();
  }

  /** Another selection was made. */
  clear() {
    this.kind = '';
    this.value = '';
  }
}
