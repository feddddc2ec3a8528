// @ts-check
// Which row comes next, by other ways than down the tree. Pure.

import { batchOf } from './layout.js';

/** @typedef {import('./state.js').State} State */
/** @typedef {import('./state.js').Node} Node */

/** The next node of the same kind and depth; the last stays. @param {State} state @param {Node} like @param {number} places */
export function sameKind(state, like, places) {
  const peers = [...state.nodes.values()].filter(other => other.kind === like.kind && other.depth === like.depth);
  return String(peers[Math.max(0, Math.min(peers.length - 1, peers.indexOf(like) + places))].number);
}

/** The call of a batch that a node is or lies below. @param {State} state @param {Node} node @returns {Node | undefined} */
function callOfBatch(state, node) {
  for (let at = /** @type {Node | undefined} */ (node); at; at = state.nodes.get(at.under ?? at.parent ?? -1)) {
    if (at.batch !== null && at.under === null) return at;
  }
  return undefined;
}

/**
 * The call of the same batch so many places further, none after the last. A batch stands before its first call and after its last.
 * @param {State} state @param {import('./detail.js').Selection} selection @param {number} places
 */
export function peer(state, { node, batch }, places) {
  const call = node ? callOfBatch(state, node) : undefined;
  const items = (call ? batchOf(state, Number(call.batch)) : batch)?.items ?? [];
  const next = call ? items[items.indexOf(call) + places] : items.at(places > 0 ? 0 : -1);
  return next && String(next.number);
}

/** The next failure after a row, round the end. @param {State} state @param {string} id */
export const nextError = (state, id) =>
  after([...state.nodes.values()].filter(node => node.status === 'failed').map(node => node.number), id, 1);

/** The number after that of a row, or before, round the end. @param {number[]} numbers in order @param {string} id @param {number} places @returns {string | undefined} */
export function after(numbers, id, places) {
  if (!numbers.length) return undefined;
  const at = Number(id.replace('b', '')) || 0;
  const found = places > 0 ? numbers.find(number => number > at) ?? numbers[0]
    : numbers.findLast(number => number < at) ?? numbers.at(-1);
  return String(found);
}
