// @ts-check
// What came before a node in the conversation of its rlm node. Pure.
import { isTurn } from './words.js';

/** @typedef {import('./state.js').State} State */
/** @typedef {import('./state.js').Node} Node */

/** The call of the turn before, whose messages this one's begin with. @param {State} state @param {Node} node a turn */
export const turnBefore = (state, node) => before(state, node, other => isTurn(state, other));

/** The cell that ran before in the same REPL. @param {State} state @param {Node} node a cell */
export const cellBefore = (state, node) => before(state, node, other => other.kind === 'cell' && other.end !== null);

/** The last one that fits before a node, in its step or in the steps before. @param {State} state @param {Node} node @param {(other: Node) => boolean} fits */
function before(state, node, fits) {
  const earlier = (/** @type {number | null} */ parent) => (state.children.get(parent) ?? [])
    .filter(number => number < node.number).map(number => /** @type {Node} */ (state.nodes.get(number))).reverse();
  const found = earlier(node.parent).find(fits);
  const step = state.nodes.get(node.parent ?? -1);
  if (found || step?.kind !== 'step') return found;
  for (const other of earlier(step.parent)) {
    if (other.number === step.number) continue;
    const inside = other.kind === 'step' ? earlier(other.number).find(fits) : fits(other) ? other : undefined;
    if (inside) return inside;
  }
  return undefined;
}
