// @ts-check
// Which row comes next, by other ways than down the tree. Pure.

/** @typedef {import('./state.js').State} State */
/** @typedef {import('./state.js').Node} Node */

/** The next node of the same kind and depth; the last stays. @param {State} state @param {Node} like @param {number} places */
export function sameKind(state, like, places) {
  const peers = [...state.nodes.values()].filter(other => other.kind === like.kind && other.depth === like.depth);
  return String(peers[Math.max(0, Math.min(peers.length - 1, peers.indexOf(like) + places))].number);
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
