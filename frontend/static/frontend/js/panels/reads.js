// @ts-check
// Reads: the pieces of documents that a node touched, as a strip for each document and as a list.
import { paintCoverage } from '../coverage.js';
import { share, whole } from '../format.js';
import { documentAt } from '../place.js';
import { element } from '../ui.js';
import { copyButton, heading, line, many, muted, nothing, table } from './pieces.js';

/** @typedef {import('../detail.js').Subject} Subject */
/** @typedef {import('./pieces.js').Shown} Shown */
/** @typedef {{ document: string, start: number, end: number, how: string }} Read */

const HOW = /** @type {Record<string, string>} */ ({
  grep: 'found by grep', peek: 'looked at by code', slice: 'cut out by code', printed: 'printed to the model',
  sent: 'sent to a model', cited: 'cited',
});
/** How near each comes to the answer, as in the strips of the whole run. */
const LEVEL = /** @type {Record<string, number>} */ ({ grep: 1, slice: 1, peek: 2, printed: 2, sent: 3, cited: 4 });
const MOST_ROWS = 500;
const STRIP = 16;

/** @param {Subject} subject @returns {Shown} */
export function reads({ full, state }) {
  const cited = (full.sources ?? []).map((/** @type {any} */ source) => ({ ...source, how: 'cited' }));
  const found = /** @type {Read[]} */ ([...(full.reads ?? []), ...cited]);
  if (!found.length) return [nothing('doc', 'No reads', 'This node touched no text of a document, or none that is known.')];
  const documents = new Map((state.run.documents ?? []).map((/** @type {any} */ each) => [each.id, each]));
  const ids = [...new Set(found.map(read => read.document))];
  const rows = found.slice(0, MOST_ROWS).map(({ document, start, end, how }) => line([
    documentLink(document, start, end, documents.get(document)?.name ?? document),
    `${whole(start)}–${whole(end)}`, HOW[how] ?? how,
  ], [1]));
  return [
    ...ids.slice(0, 8).flatMap(id => strip(documents.get(id) ?? { id, name: id, chars: 0 }, found.filter(read => read.document === id))),
    heading(many(found.length, 'recorded range'), 'each opens the document there', copyButton(() => asText(found, documents), 'Copy ranges')),
    element('div', { class: 'reads' }, table(['Document', 'Characters', 'How'], rows, [1])),
    found.length > MOST_ROWS ? muted(`and ${whole(found.length - MOST_ROWS)} more; copy the ranges to see them.`) : null,
  ];
}

/** Where in a document the ranges lie. @param {{ id: string, name: string, chars: number }} document @param {Read[]} found @returns {Element[]} */
function strip({ id, name, chars }, found) {
  const long = Math.max(chars, ...found.map(read => read.end));
  const intervals = found.map(({ start, end, how }) => /** @type {[number, number, number]} */ ([start, end, LEVEL[how] ?? 1]));
  const canvas = /** @type {HTMLCanvasElement} */ (element('canvas', { class: 'reads-strip', role: 'img', 'aria-label': `Where in ${name} it read; the table below says the same` }));
  const seen = new ResizeObserver(() => (canvas.isConnected ? paintCoverage(canvas, [{ id, name, chars: long, intervals }], { height: STRIP }) : seen.disconnect()));
  seen.observe(canvas);
  const touched = `${many(covered(found), 'character')}, ${share(covered(found), long)} of it`;
  return [element('div', { class: 'reads-of' }, element('span', { class: 'trunc' }, name), element('span', { class: 'muted nw' }, touched)), canvas];
}

/** Characters in at least one of the ranges. @param {Read[]} found */
function covered(found) {
  let [sum, until] = [0, 0];
  for (const { start, end } of [...found].sort((one, other) => one.start - other.start)) {
    sum += Math.max(0, end - Math.max(start, until));
    until = Math.max(until, end);
  }
  return sum;
}

/** @param {Read[]} found @param {Map<string, any>} documents */
const asText = (found, documents) => found
  .map(({ document, start, end, how }) => [documents.get(document)?.name ?? document, start, end, how].join('\t')).join('\n');

/** Opens the document at a span, where documents can be opened. @param {string} document @param {number} start @param {number} end @param {string} name */
function documentLink(document, start, end, name) {
  const address = documentAt(document, start, end);
  return address ? element('a', { href: address, 'data-read': '', class: 'trunc doc-name' }, name) : element('span', { class: 'trunc doc-name' }, name);
}
