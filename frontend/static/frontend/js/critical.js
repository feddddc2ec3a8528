// @ts-check
// The chain of nodes that a run's time was spent in: walked back from the end, always to the child that ended last
// before that moment. Of calls that ran at once, only the one that was waited for is on it. Pure.

/** @typedef {import('./state.js').State} State */
/** @typedef {import('./state.js').Node} Node */

/**
 * @typedef {{ root: number, calls: number, queue: number, code: number, gates: number, rest: number }} Shares  seconds
 * @typedef {{ nodes: Set<number>, leaves: Node[], shares: Shares, seconds: number }} CriticalPath  leaves: calls, cells and gates in order of time
 */

const SLACK = 1e-4;

/** @param {State} state @param {number} now @returns {CriticalPath} */
export function criticalPath(state, now) {
  const path = {
    nodes: new Set(), leaves: [], seconds: 0, shares: { root: 0, calls: 0, queue: 0, code: 0, gates: 0, rest: 0 },
  };
  const roots = (state.children.get(null) ?? []).map(number => /** @type {Node} */ (state.nodes.get(number)));
  for (const root of roots) {
    walk(state, root, root.end ?? now, now, path);
    path.seconds += (root.end ?? now) - root.start;
  }
  path.leaves.reverse();
  return path;
}

/**
 * Goes back through a node from `until` (its end, or when the next one began) to its start.
 * @param {State} state @param {Node} node @param {number} until @param {number} now @param {any} path
 */
function walk(state, node, until, now, path) {
  path.nodes.add(node.number);
  const below = (state.children.get(node.number) ?? []).map(number => /** @type {Node} */ (state.nodes.get(number)));
  below.sort((one, other) => (other.end ?? now) - (one.end ?? now) || other.number - one.number);
  let moment = until;
  let own = 0;
  for (const child of below) {
    const end = child.end ?? now;
    if (end > moment + SLACK || child.start >= moment) continue;
    own += Math.max(0, moment - end);
    walk(state, child, Math.min(end, moment), now, path);
    moment = child.start;
  }
  own += Math.max(0, moment - node.start);
  if (node.kind !== 'rlm' && node.kind !== 'step') path.leaves.push(node);
  account(node, own, path.shares);
}

/** @param {Node} node @param {number} own seconds in which none of its children was on the path @param {Shares} shares */
function account(node, own, shares) {
  if (node.kind === 'cell') shares.code += own;
  else if (node.kind === 'gate') shares.gates += own;
  else if (node.kind !== 'lm') shares.rest += own;
  else {
    const waited = Math.min(own, (node.queued_ms ?? 0) / 1000);
    shares.queue += waited;
    shares[node.depth ? 'calls' : 'root'] += own - waited;
  }
}
