// @ts-check
// The data of a run that lies in its file: compressed blocks, unpacked when something in them is looked at. Answers in
// the shapes of the server (`exporters/html.py` tells how the blocks are made).
import { totals } from './coverage.js';
import { search } from './held_search.js';
import { unitAt } from './lines.js';
import { $, ApiError } from './ui.js';

/** Blocks that are kept unpacked. */
const KEPT = 24;
const MOST_READERS = 40;
const WINDOW = 200_000;
const LEVEL_OF = /** @type {Record<string, number>} */ ({ grep: 1, slice: 1, peek: 2, printed: 2, sent: 3, cited: 4 });

/** @typedef {[number, string, number, number, string]} Read  node, document, start, end, how */

/** @type {Map<string, Promise<any>>} */
const unpacked = new Map();

/** What a block holds. @param {string} name @returns {Promise<any>} */
function block(name) {
  const known = unpacked.get(name);
  if (known) return known;
  const found = unpack(name);
  unpacked.set(name, found);
  if (unpacked.size > KEPT) unpacked.delete(/** @type {string} */ (unpacked.keys().next().value));
  return found;
}

/** @param {string} name */
async function unpack(name) {
  const place = $(`#${name}`);
  if (!place) throw new ApiError(404, 'This part of the file is missing. It may not have been saved as a whole.', null);
  const packed = Uint8Array.from(atob(place.textContent), sign => sign.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('deflate'));
  return JSON.parse(await new Response(stream).text());
}

/** @param {string} words */
const missing = words => new ApiError(404, words, null);

// ------------------------------------------------------------------------------------------------ tree and nodes

async function tree() {
  const { run, columns, last_seq, tree: blocks } = await block('index-0');
  const rows = [];
  for (let number = 0; number < blocks; number += 1) rows.push(...await unpack(`tree-${number}`));
  return { run, columns, rows, last_seq };
}

/** @type {Map<number, number> | null} number of a node → its block */
let places = null;

/** A node without its texts. @param {number} number */
async function bare(number) {
  const { nodes } = await block('index-0');
  places ??= new Map(nodes.flatMap((/** @type {number[]} */ numbers, /** @type {number} */ at) => numbers.map(each => [each, at])));
  const at = places.get(number);
  if (at === undefined) throw missing(`This run has no node ${number}.`);
  return (await block(`nodes-${at}`)).find((/** @type {any} */ node) => node.number === number);
}

/** A text by its number; null when it is gone. @param {number} number @returns {Promise<string | null>} */
async function text(number) {
  const { texts } = await block('index-0');
  const at = texts.findLastIndex((/** @type {number} */ first) => first <= number);
  return (await block(`texts-${at}`))[number - texts[at]];
}

/** @param {number} number @param {URLSearchParams} query */
async function node(number, query) {
  const { texts, ...told } = await bare(number);
  const gone = [];
  for (const [name, reference] of Object.entries(texts)) {
    const parts = Array.isArray(reference) ? await Promise.all(reference.map(([, id]) => text(id))) : [await text(reference)];
    if (parts.includes(null)) gone.push(name);
    told[name] = Array.isArray(reference) ? reference.map(([role], index) => ({ role, content: parts[index] ?? '' })) : parts[0] ?? '';
  }
  if (gone.length) told.missing = 'A text of this record quotes a document that has been deleted.';
  const against = Number(query.get('against'));
  if (against) told.same = same(texts.request, (await bare(against)).texts.request);
  return told;
}

/** How many messages at the beginning of two requests are the same. @param {[string, number][]} [one] @param {[string, number][]} [other] */
function same(one = [], other = []) {
  const differs = one.findIndex(([role, id], index) => other[index]?.[0] !== role || other[index]?.[1] !== id);
  return differs < 0 ? one.length : differs;
}

/** A window of one text; `request.3` is the fourth message. @param {number} number @param {string} name @param {URLSearchParams} query */
async function textWindow(number, name, query) {
  const { texts } = await bare(number);
  const [, place] = name.match(/^request\.(\d+)$/) ?? [];
  const id = place === undefined ? texts[name] : texts.request?.[Number(place)]?.[1];
  if (typeof id !== 'number') throw missing('This node has no such text.');
  return cut(await text(id) ?? '', Number(query.get('start') ?? 0), Number(query.get('end') ?? Infinity));
}

/** @param {string} whole @param {number} start @param {number} end in characters, which are not JavaScript's units */
function cut(whole, start, end) {
  const piece = [...whole.slice(unitAt(whole, start), unitAt(whole, Math.min(end, start + WINDOW)))];
  return { start, end: start + piece.length, text: piece.join('') };
}

// ------------------------------------------------------------------------------------------------ coverage

const strips = () => JSON.parse($('#strips').textContent);

/** Who read a stretch, and how much of it came how near. @param {URLSearchParams} query */
async function stretch(query) {
  const strip = strips().documents.find((/** @type {any} */ each) => each.id === query.get('document'));
  if (!strip) throw missing('This run has no such document.');
  const [start, end] = [Number(query.get('start') ?? 0), Math.min(strip.chars, Number(query.get('end') ?? strip.chars))];
  const { run } = await block('index-0');
  const cited = run.sources.map((/** @type {any} */ source) => [1, source.document, source.start, source.end, 'cited']);
  const reads = /** @type {Read[]} */ ([...await block('reads-0'), ...cited]);
  const nearest = /** @type {Map<number, Read>} */ (new Map());
  for (const read of reads) {
    if (read[1] !== strip.id || read[2] >= end || read[3] <= start) continue;
    const known = nearest.get(read[0]);
    if (!known || LEVEL_OF[read[4]] > LEVEL_OF[known[4]]) nearest.set(read[0], read);
  }
  const order = [...nearest.values()].sort((one, other) => LEVEL_OF[other[4]] - LEVEL_OF[one[4]] || one[0] - other[0]);
  const nodes = await Promise.all(order.slice(0, MOST_READERS).map(async ([number, , from, to, how]) => {
    const { kind, name } = await bare(number);
    return { number, kind, name, how, start: from, end: to };
  }));
  const intervals = strip.intervals.filter((/** @type {number[]} */ [from, to]) => from < end && start < to)
    .map((/** @type {number[]} */ [from, to, level]) => [Math.max(from, start), Math.min(to, end), level]);
  return { document: strip.id, name: strip.name, chars: strip.chars, start, end, intervals, totals: totals(strip, start, end), nodes, node_count: order.length };
}

// ------------------------------------------------------------------------------------------------ doors

const DOORS = /** @type {[RegExp, (found: string[], query: URLSearchParams) => Promise<any>][]} */ ([
  [/^tree$/, () => tree()],
  [/^nodes\/(\d+)$/, ([, number], query) => node(Number(number), query)],
  [/^nodes\/(\d+)\/texts\/([\w.]+)$/, ([, number, name], query) => textWindow(Number(number), name, query)],
  [/^search$/, (_, query) => search(query, { tree, bare, node: number => node(number, new URLSearchParams()), reads: () => block('reads-0') })],
  [/^strips$/, async (_, query) => (query.has('document') ? stretch(query) : strips())],
]);

/** @type {import('./place.js').Held} */
export const held = {
  async data(path) {
    const [way, query = ''] = path.split('?');
    for (const [door, open] of DOORS) {
      const found = way.match(door);
      if (found) return open(found, new URLSearchParams(query));
    }
    throw missing('This is worked out by a server and is not part of the file.');
  },
  async text(document, start, end) {
    const passages = /** @type {{ document: string, start: number, end: number, text: string }[]} */ (JSON.parse($('#passages').textContent));
    const found = passages.filter(each => each.document === document && each.start < end && start < each.end)
      .sort((one, other) => overlap(other, start, end) - overlap(one, start, end))[0];
    if (!found) throw missing('The documents are not part of this file, only the passages that the answer cites.');
    const [from, to] = [Math.max(start, found.start), Math.min(end, found.end)];
    return { start: from, end: to, text: cut(found.text, from - found.start, to - found.start).text };
  },
};

/** @param {{ start: number, end: number }} passage @param {number} start @param {number} end */
const overlap = (passage, start, end) => Math.min(end, passage.end) - Math.max(start, passage.start);
