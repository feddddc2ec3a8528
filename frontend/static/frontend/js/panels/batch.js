// @ts-check
// The calls of a batch.
import { whole } from '../format.js';
import { figures } from '../layout.js';
import { costOf, subtreeCost } from '../state.js';
import { active, sending } from '../timing.js';
import { element, iconElement } from '../ui.js';
import { shortCost, shortTime } from '../words.js';
import { heading, line, nodeLink, table } from './pieces.js';

/** @typedef {import('../detail.js').Subject} Subject */
/** @typedef {import('../state.js').Node} Node */
/** @typedef {import('./pieces.js').Shown} Shown */

const MOST_ITEMS = 200;

/** Failures first, then the slowest. @param {Subject} subject @returns {Shown} */
export function batchItems(subject) {
  const batch = /** @type {import('../layout.js').Batch} */ (subject.batch);
  const { now, state } = subject;
  const sent = sending(state);
  const length = (/** @type {Node} */ node) => (node.end === null ? Math.max(0, now - sent(node)) : active(node, now));
  const word = (/** @type {Node} */ node) => (node.end !== null ? '' : sent(node) === Infinity ? 'waiting' : 'running');
  const order = [...batch.items].sort((one, other) =>
    Number(other.status === 'failed') - Number(one.status === 'failed') || length(other) - length(one));
  const sums = figures(state, batch, now);
  const rows = order.slice(0, MOST_ITEMS).map(node => line([
    element('span', { class: 'row' }, node.status === 'failed' ? element('span', { class: 'sign errtext' }, iconElement('err')) : null,
      nodeLink(subject, String(node.number), `${(node.index ?? 0) + 1} · ${node.name}`)),
    node.error ?? word(node),
    shortTime(length(node)),
    shortCost(batch.kind === 'lm' ? costOf(node) : subtreeCost(state, node)),
  ], [2, 3]));
  return [
    heading(`${whole(sums.count)} calls`, 'failures first, then the slowest'),
    element('div', { class: 'batch-items' }, table(['Prompt', 'State', 'Time', 'Cost'], rows, [2, 3])),
    order.length > MOST_ITEMS ? element('p', { class: 'muted small' }, `and ${whole(order.length - MOST_ITEMS)} more; open the batch in the tree to see each.`) : null,
  ];
}
