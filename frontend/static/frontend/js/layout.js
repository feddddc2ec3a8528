// @ts-check
// Where things stand: rows of the tree, figures of a batch. Pure: no page, no drawing.

/** @typedef {import('./state.js').State} State */
/** @typedef {import('./state.js').Node} Node */
/** @typedef {import('./state.js').Cost} Cost */
import { costOf, subtreeCost, sumCosts } from './state.js';
import { active, began } from './timing.js';

// ------------------------------------------------------------------------------------------------ rows of the tree

/**
 * @typedef {{ number: number, kind: 'lm' | 'rlm', parent: number, items: Node[] }} Batch  number: of its first node
 * @typedef {{
 *   id: string, level: number, position: number, size: number, open: boolean | null,
 *   node: Node | null, batch: Batch | null, above: string | null,
 * }} Row  id: `12` or, for a batch, `b12`; open: null when there is nothing below; above: id of the row it hangs under
 * @typedef {{ node: Node | null, batch: Batch | null }} Branch
 */

const SMALL_BATCH = 8;

/** @param {Branch} branch */
export const idOf = ({ node, batch }) => (batch ? `b${batch.number}` : String(node?.number));

/** What hangs directly under a node; calls made at once are one branch. @param {State} state @param {number | null} parent @returns {Branch[]} */
export function branches(state, parent) {
  const found = /** @type {Branch[]} */ ([]);
  const batches = /** @type {Map<number, Batch>} */ (new Map());
  for (const number of state.children.get(parent) ?? []) {
    const node = /** @type {Node} */ (state.nodes.get(number));
    if (node.under !== null) continue;
    if (node.batch === null) {
      found.push({ node, batch: null });
      continue;
    }
    let batch = batches.get(node.batch);
    if (!batch) {
      batch = { number: node.batch, kind: /** @type {any} */ (node.kind), parent: /** @type {number} */ (parent), items: [] };
      batches.set(node.batch, batch);
      found.push({ node: null, batch });
    }
    batch.items.push(node);
  }
  return found;
}

/** What hangs below a branch: the items of a batch, the further calls of an item, the children of a node. @param {State} state @param {Branch} branch @returns {Branch[]} */
function below(state, { node, batch }) {
  if (batch) return batch.items.map(item => ({ node: item, batch: null }));
  const { number } = /** @type {Node} */ (node);
  const hung = state.hung.get(number) ?? [];
  return [...hung.map(each => ({ node: /** @type {Node} */ (state.nodes.get(each)), batch: null })), ...branches(state, number)];
}

/** The batch that starts with this node. @param {State} state @param {number} number @returns {Batch | null} */
export function batchOf(state, number) {
  const first = state.nodes.get(number);
  if (!first || first.batch === null) return null;
  return branches(state, first.parent).find(branch => branch.batch?.number === first.batch)?.batch ?? null;
}

/** @param {Branch} branch */
function opensByItself({ node, batch }) {
  if (batch) return batch.kind === 'rlm' && batch.items.length <= SMALL_BATCH;
  return node?.kind !== 'rlm' || node.depth === 0;
}

/**
 * The rows that are to be seen, in order.
 * @param {State} state
 * @param {Map<string, boolean>} opened what the user opened or closed, by id of the row
 * @param {Set<number> | null} shown with a search: the nodes that fit and all above them; then everything is open
 * @returns {Row[]}
 */
export function rows(state, opened, shown = null) {
  const out = /** @type {Row[]} */ ([]);
  const visible = (/** @type {Branch} */ { node, batch }) =>
    !shown || (batch ? batch.items.some(item => shown.has(item.number)) : shown.has(/** @type {Node} */ (node).number));

  /** @param {Branch[]} found @param {number} level @param {string | null} above */
  const walk = (found, level, above) => {
    const seen = shown ? found.filter(visible) : found;
    seen.forEach((branch, index) => {
      const id = idOf(branch);
      const number = branch.node?.number ?? -1;
      const hasMore = branch.batch !== null || state.children.has(number) || state.hung.has(number);
      const open = hasMore ? shown !== null || (opened.get(id) ?? opensByItself(branch)) : null;
      out.push({ ...branch, id, level, above, position: index + 1, size: seen.length, open });
      if (open) walk(below(state, branch), level + 1, id);
    });
  };
  walk(branches(state, null), 1, null);
  return out;
}

/** Ids of the rows above a node, from the top; opening them makes it visible. @param {State} state @param {number} number */
export function pathTo(state, number) {
  const path = /** @type {string[]} */ ([]);
  for (let node = state.nodes.get(number); node;) {
    if (node.under !== null) {
      path.unshift(String(node.under));
      node = state.nodes.get(node.under);
    }
    if (node?.batch !== null) path.unshift(`b${node.batch}`);
    node = state.nodes.get(node?.parent ?? -1);
    if (node) path.unshift(String(node.number));
  }
  return path;
}

// ------------------------------------------------------------------------------------------------ search

/** Nodes and all above them. @param {State} state @param {number[]} numbers @returns {Set<number>} */
export function withAbove(state, numbers) {
  const shown = /** @type {Set<number>} */ (new Set());
  for (const number of numbers) {
    for (let up = state.nodes.get(number); up && !shown.has(up.number); up = state.nodes.get(up.parent ?? -1)) {
      shown.add(up.number);
    }
  }
  return shown;
}

// ------------------------------------------------------------------------------------------------ figures of a batch

export const BINS = 24;

/**
 * @typedef {{
 *   count: number, done: number, failed: number, running: number, p50: number | null, p95: number | null,
 *   cost: Cost, start: number, end: number, bins: number[], failures: number[], longest: number,
 * }} BatchFigures  bins, failures: how many took how long, in 24 equal parts of `longest`
 */

/** @param {State} state @param {Batch} batch @param {number} now @returns {BatchFigures} */
export function figures(state, batch, now) {
  const seconds = /** @type {number[]} */ ([]);
  const wrong = /** @type {boolean[]} */ ([]);
  let [start, end] = [Infinity, -Infinity];
  for (const item of batch.items) {
    const came = outcome(state, item);
    start = Math.min(start, item.start);
    end = Math.max(end, came.end ?? now);
    if (came.end === null) continue;
    seconds.push(came.seconds);
    wrong.push(came.failed);
  }
  const took = Float64Array.from(seconds).sort();
  const longest = took.at(-1) ?? 0;
  const bins = Array(BINS).fill(0);
  const failures = Array(BINS).fill(0);
  seconds.forEach((each, at) => { (wrong[at] ? failures : bins)[longest ? Math.min(BINS - 1, Math.floor(each / longest * BINS)) : 0] += 1; });
  return {
    count: batch.items.length, done: seconds.length, failed: wrong.filter(Boolean).length, running: batch.items.length - seconds.length,
    p50: quantile(took, 0.5), p95: quantile(took, 0.95), cost: sumCosts(costsOf(state, batch.items)), start, end, bins, failures, longest,
  };
}

/** What each call of the items cost. @param {State} state @param {Node[]} items */
function* costsOf(state, items) {
  for (const item of items) {
    yield costBelow(state, item);
    for (const number of state.hung.get(item.number) ?? []) yield costBelow(state, /** @type {Node} */ (state.nodes.get(number)));
  }
}

/** What a node and all below it cost. @param {State} state @param {Node} node */
export const costBelow = (state, node) => (node.kind === 'lm' ? costOf(node) : subtreeCost(state, node));

/**
 * What came of an item of a batch, over all the calls it took: the last of them, when it had ended (null: it has not),
 * how long it was at work, and whether it failed or its last reply was refused.
 * @param {State} state @param {Node} item
 */
export function outcome(state, item) {
  const hung = state.hung.get(item.number);
  if (!hung) return { calls: [item], last: item, end: item.end, seconds: active(item, item.end ?? 0), failed: item.status === 'failed' };
  const calls = [item, ...hung.map(number => /** @type {Node} */ (state.nodes.get(number)))];
  const last = /** @type {Node} */ (calls.findLast(node => node.kind !== 'gate'));
  const end = calls.some(node => node.end === null) ? null : Math.max(...calls.map(node => node.end ?? 0));
  const failed = last.status === 'failed' || calls.at(-1)?.accepted === false;
  return { calls, last, end, seconds: end === null ? 0 : end - began(item), failed };
}

/** The smallest value that at least this part of all does not exceed. @param {ArrayLike<number>} sorted @param {number} part @returns {number | null} */
export const quantile = (sorted, part) => sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? null;
