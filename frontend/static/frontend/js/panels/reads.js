// @ts-check
// Reads: the pieces of documents that a node touched.
import { whole } from '../format.js';
import { documentAt } from '../place.js';
import { element } from '../ui.js';
import { heading, line, nothing, table } from './pieces.js';

/** @typedef {import('../detail.js').Subject} Subject */
/** @typedef {import('../state.js').Node} Node */
/** @typedef {import('./pieces.js').Shown} Shown */

const HOW = /** @type {Record<string, string>} */ ({
  grep: 'found by grep', peek: 'looked at by code', slice: 'cut out by code', printed: 'printed to the model',
  sent: 'sent to a model', cited: 'cited',
});

/** @param {Subject} subject @returns {Shown} */
export function reads({ full, state }) {
  const documents = new Map((state.run.documents ?? []).map((/** @type {any} */ each) => [each.id, each.name]));
  const cited = (full.sources ?? []).map((/** @type {any} */ source) => ({ ...source, how: 'cited' }));
  const found = [...(full.reads ?? []), ...cited];
  if (!found.length) return [nothing('doc', 'No reads', 'This node touched no text of a document, or none that is known.')];
  const rows = found.slice(0, 500).map(({ document, start, end, how }) => line([
    documentLink(document, start, end, documents.get(document) ?? document),
    `${whole(start)}–${whole(end)}`, HOW[how] ?? how,
  ], [1]));
  const many = `${whole(found.length)} recorded range${found.length === 1 ? '' : 's'}`;
  return [heading(many, 'each opens the document there'), table(['Document', 'Characters', 'How'], rows, [1])];
}

/** Opens the document at a span, where documents can be opened. @param {string} document @param {number} start @param {number} end @param {string} name */
function documentLink(document, start, end, name) {
  const address = documentAt(document, start, end);
  return address ? element('a', { href: address, 'data-read': '', class: 'trunc doc-name' }, name) : element('span', { class: 'trunc doc-name' }, name);
}
