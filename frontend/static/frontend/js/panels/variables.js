// @ts-check
// Variables: the names that a cell left behind.
import { whole } from '../format.js';
import { element } from '../ui.js';
import { heading, line, nothing, table } from './pieces.js';

/** @typedef {import('../detail.js').Subject} Subject */
/** @typedef {import('../state.js').Node} Node */
/** @typedef {import('./pieces.js').Shown} Shown */

/** @param {Subject} subject @returns {Shown} */
export function variables({ full, node }) {
  const found = [...(full.variables ?? [])].sort((one, other) => Number(other.changed) - Number(one.changed));
  if (!found.length) {
    const text = node?.end === null ? 'They are told when the cell has ended.' : 'This cell left no names behind.';
    return [nothing('cell', 'No variables', text)];
  }
  const rows = found.map(variable => line([
    element('span', { class: 'mono nw' }, variable.name, variable.changed ? element('span', { class: 'chip run sq gap' }, 'changed') : null),
    element('span', { class: 'mono muted nw' }, variable.type),
    variable.size === null || variable.size === undefined ? '' : whole(variable.size),
    element('span', { class: 'mono preview', title: variable.preview }, variable.preview),
  ], [2]));
  return [heading('After this cell', 'changed names first'), table(['Name', 'Type', 'Size', 'Value'], rows, [2])];
}
