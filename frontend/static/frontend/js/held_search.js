// @ts-check
// The search of a run that lies in a file: what a server would find in all its texts is found here, block by block.
import { read, tokens } from './query.js';
import { load } from './state.js';
import { $, ApiError } from './ui.js';

const PAGE = 50;
const AROUND = 48;
const SCOPES = /** @type {Record<string, string[]>} */ ({
  code: ['code'], prompt: ['request', 'question', 'notes'], reply: ['response', 'reasoning', 'reason'],
  output: ['stdout', 'shown'], thought: ['thought'], answer: ['answer'], error: ['error'], name: ['name'],
});

/** @typedef {import('./query.js').Token} Token @typedef {import('./finding.js').Hit} Hit @typedef {import('./held.js').Read} Read */
/**
 * @typedef {{
 *   tree: () => Promise<any>, bare: (number: number) => Promise<any>, node: (number: number) => Promise<any>,
 *   reads: () => Promise<Read[]>,
 * }} Source  bare: a node with the numbers of its texts; node: with the texts
 * @typedef {{ accepts: (number: number) => boolean, texts: { pattern: RegExp, negated: boolean }[], scopes: string[], line: string }} Plan
 */

/** The last question and what was found, so that its pages come at once. @type {{ line: string, found: Promise<Hit[]> } | null} */
let last = null;

/** `GET …/search?q=&cursor=&limit=` @param {URLSearchParams} query @param {Source} source */
export async function search(query, source) {
  const line = query.get('q') ?? '';
  if (last?.line !== line) last = { line, found: line ? find(line, source) : Promise.resolve([]) };
  const found = await last.found;
  const from = Number(query.get('cursor') ?? 0);
  const limit = Number(query.get('limit') ?? PAGE);
  const rest = found.filter(hit => hit.node > from);
  const items = rest.slice(0, limit);
  const next = rest.length > limit ? String(items.at(-1)?.node) : null;
  return { numbers: found.map(hit => hit.node), items, next, nodes: found.length, complete: true };
}

/** @param {string} line @param {Source} source @returns {Promise<Hit[]>} in the order of the nodes */
async function find(line, source) {
  const state = load(await source.tree());
  const { accepts, texts, scopes } = await plan(line, state, source);
  const said = /** @type {Map<number, Set<number>>} */ (new Map());
  const found = [];
  for (const node of state.nodes.values()) {
    const home = texts.length ? conversationOf(node, state) : null;
    const told = home === null ? null : repeated(await source.bare(node.number), home, said);
    if (!accepts(node.number)) continue;
    const hit = texts.length ? lookIn(await source.node(node.number), texts, scopes, told) : nothing(node.number);
    if (hit) found.push(hit);
  }
  return found;
}

/** The rlm node whose turn a call is; null for all else. @param {import('./state.js').Node} node @param {import('./state.js').State} state */
function conversationOf({ kind, parent }, state) {
  let above = kind === 'lm' ? state.nodes.get(parent ?? -1) : undefined;
  while (above && above.kind !== 'cell' && above.kind !== 'rlm') above = state.nodes.get(above.parent ?? -1);
  return above?.kind === 'rlm' ? above.number : null;
}

/** Which messages of a turn were sent or answered by an earlier one: they are found there. @param {any} node without its texts @param {number} home @param {Map<number, Set<number>>} said */
function repeated({ texts }, home, said) {
  const known = said.get(home) ?? new Set();
  said.set(home, known);
  const ids = (texts.request ?? []).map((/** @type {[string, number]} */ [, id]) => id);
  const again = new Set(ids.flatMap((/** @type {number} */ id, /** @type {number} */ at) => (known.has(id) ? [at] : [])));
  for (const id of [...ids, texts.response ?? []].flat()) known.add(id);
  return again;
}

/** @param {string} line @param {import('./state.js').State} state @param {Source} source @returns {Promise<Plan>} */
async function plan(line, state, source) {
  const words = JSON.parse($('#query-words').textContent);
  const reading = read(line, words, state, state.run.seconds ?? 0);
  const places = [];
  const conditions = [];
  for (const token of tokens(line)) {
    const { name, value } = named(token);
    if (name === 'reads') places.push({ negated: token.negated, reads: await readersOf(value, state, source) });
    else if (words.some((/** @type {any} */ word) => word.name === name) && name !== 'in') conditions.push(`${token.negated ? '-' : ''}${name}:"${value}"`);
  }
  const known = read(conditions.join(' '), words, state, state.run.seconds ?? 0);
  if (known && !known.isWhole) throw new ApiError(422, 'A word of this search has a value it does not know.', null);
  const accepts = (/** @type {number} */ number) => {
    const node = state.nodes.get(number);
    return Boolean(node && (!known || known.test(node)) && places.every(({ negated, reads }) => reads.has(number) !== negated));
  };
  return { line, accepts, texts: (reading?.texts ?? []).map(patternOf), scopes: (reading?.scopes ?? []).flatMap(scope => SCOPES[scope] ?? []) };
}

/** A word such as `kind:cell`, taken apart. @param {Token} token */
function named({ text, how }) {
  if (how.endsWith(':')) return { name: how.slice(0, -1), value: text };
  const colon = how === 'word' ? text.indexOf(':') : -1;
  return colon < 0 ? { name: '', value: text } : { name: text.slice(0, colon).toLowerCase(), value: text.slice(colon + 1) };
}

/** Nodes that read a document whose name has these words, or a range of it: `log.txt@1200-4000`. @param {string} value @param {import('./state.js').State} state @param {Source} source */
async function readersOf(value, state, source) {
  const [, name, first, second] = value.match(/^(.*?)(?:@(\d+)(?:-(\d+))?)?$/) ?? [];
  const start = first === undefined ? 0 : Number(first);
  const end = first === undefined ? Infinity : second === undefined ? start + 1 : Number(second);
  const meant = new Set(state.run.documents.filter(each => each.name.toLowerCase().includes(name.toLowerCase())).map(each => each.id));
  const reads = await source.reads();
  return new Set(reads.filter(([, id, from, to]) => meant.has(id) && from < end && start < to).map(([number]) => number));
}

/** @param {Token} token @returns {{ pattern: RegExp, negated: boolean }} */
function patternOf({ negated, text, how }) {
  const escaped = text.trim().split(/\s+/).map(word => word.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')).join('\\s+');
  try {
    return { pattern: new RegExp(how === 'expression' ? text : escaped, 'iu'), negated };
  } catch {
    throw new ApiError(422, `/${text}/ is no regular expression; check its brackets.`, null);
  }
}

/** The first place in a node's texts that has it all. @param {any} node @param {Plan['texts']} texts @param {string[]} names @param {Set<number> | null} told messages that are found elsewhere @returns {Hit | null} */
function lookIn(node, texts, names, told) {
  const parts = names.flatMap(name => partsOf(node, name)).filter(({ message }) => message === null || !told?.has(message));
  /** @type {Hit | null} */
  let hit = null;
  for (const { pattern, negated } of texts) {
    const part = parts.find(each => pattern.test(each.text));
    if (Boolean(part) === negated) return null;
    if (part && !hit) hit = hitOf(node.number, part, /** @type {RegExpMatchArray} */ (part.text.match(pattern)));
  }
  return hit ?? nothing(node.number);
}

/** @param {any} node @param {string} name @returns {{ name: string, message: number | null, text: string }[]} */
function partsOf(node, name) {
  const value = node[name];
  if (name === 'request') return (value ?? []).map((/** @type {any} */ each, /** @type {number} */ at) => ({ name, message: at, text: each.content }));
  if (name === 'error') return troublesOf(node).map(text => ({ name, message: null, text }));
  if (Array.isArray(value)) return [{ name, message: null, text: value.join('\n') }];
  return typeof value === 'string' ? [{ name, message: null, text: value }] : [];
}

/** Its error, and what went wrong in its earlier tries. @param {any} node */
function troublesOf({ error, retries = [] }) {
  const told = [...error ? [error] : [], ...retries ?? []].map(each => `${each.kind}: ${each.message}`);
  return told.length ? [[...told, error?.traceback ?? ''].join('\n').trim()] : [];
}

/** @param {number} number @param {{ name: string, message: number | null, text: string }} part @param {RegExpMatchArray} found @returns {Hit} */
function hitOf(number, { name, message, text }, found) {
  const from = found.index ?? 0;
  const to = from + found[0].length;
  const chars = (/** @type {string} */ piece) => [...piece].length;
  const start = chars(text.slice(0, from));
  return {
    node: number, texts: [name], text: name, message, start, end: start + chars(found[0]),
    before: text.slice(Math.max(0, from - AROUND), from), hit: found[0], after: text.slice(to, to + AROUND),
  };
}

/** A node that fits without a text. @param {number} node @returns {Hit} */
const nothing = node => ({ node, texts: [], text: null, message: null, start: null, end: null, before: null, hit: null, after: null });
