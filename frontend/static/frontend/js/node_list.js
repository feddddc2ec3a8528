// @ts-check
// The nodes behind a mark of a chart, the weightiest first, each a link into the trace.
import { traceAt, fetchData, place } from './place.js';
import { $, element } from './ui.js';
import { whole } from './format.js';

/** @typedef {import('./charts.js').Mark} Mark */

const MOST_NAMED = 30_000; // the names of a larger run are not fetched for a list

/** @type {Promise<Map<number, any[]>> | null} */
let names = null;

/** A mark of one node opens it; the list of another's nodes is shown. @param {Mark} mark @param {string} title of the chart */
export function openMark(mark, title) {
  if (mark.count === 1) location.href = traceAt(mark.nodes[0]);
  else listNodes(mark, title);
}

/** @param {Mark} mark @param {string} title */
function listNodes(mark, title) {
  $('#nodes-t').textContent = `${whole(mark.count)} nodes · ${title}`;
  const rows = mark.nodes.map((node, index) => element('li', {},
    element('a', { href: traceAt(node), 'data-node': node }, `Node ${whole(node)}`),
    element('span', { class: 'num' }, mark.values[index])));
  $('#nodes .node-list').replaceChildren(...rows);
  const left = mark.count - mark.nodes.length;
  $('#nodes-more').textContent = left ? `The ${whole(mark.nodes.length)} weightiest are listed, ${whole(left)} more are not.` : '';
  const all = $('#nodes-all');
  all.hidden = !mark.query;
  all.href = `${place.pages}/trace?q=${encodeURIComponent(mark.query)}`;
  $('#nodes').showModal();
  tellNames();
}

/** Puts the nodes' names in, as soon as they are here; without them the list is as good, if drier. */
async function tellNames() {
  names ??= fetchNames();
  const known = await names;
  for (const link of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('#nodes [data-node]'))) {
    const [kind, name, status] = known.get(Number(link.dataset.node)) ?? [];
    if (!name) continue;
    link.replaceChildren(element('span', { class: 'mono muted' }, `#${link.dataset.node}`), ' ', name);
    if (status === 'failed') link.append(element('span', { class: 'field-error' }, ' failed'));
    link.title = `${kind} ${name}`;
  }
}

/** number → [kind, name, status]; empty where they cannot be had. @returns {Promise<Map<number, any[]>>} */
async function fetchNames() {
  if (Number($('#main').dataset.nodes) > MOST_NAMED) return new Map();
  try {
    const { columns, rows } = await fetchData('tree');
    const [number, kind, name, status] = ['number', 'kind', 'name', 'status'].map(each => columns.indexOf(each));
    return new Map(rows.map((/** @type {any[]} */ row) => [row[number], [row[kind], row[name], row[status]]]));
  } catch {
    names = null; // asked for again with the next list
    return new Map();
  }
}
