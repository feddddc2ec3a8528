// @ts-check
// The calls of a batch.
import { whole } from '../format.js';
import { costBelow, outcome } from '../layout.js';
import { sumCosts } from '../state.js';
import { sending } from '../timing.js';
import { element, iconElement } from '../ui.js';
import { shortCost, shortTime } from '../words.js';
import { heading, line, nodeLink, table } from './pieces.js';

/** @typedef {import('../detail.js').Subject} Subject */
/** @typedef {import('./pieces.js').Shown} Shown */

const MOST_ITEMS = 200;

/** Failures first, then the slowest. @param {Subject} subject @returns {Shown} */
export function batchItems(subject) {
  const batch = /** @type {import('../layout.js').Batch} */ (subject.batch);
  const { now, state } = subject;
  const sent = sending(state);
  const found = batch.items.map(node => {
    const { calls, last, end, seconds, failed } = outcome(state, node);
    return { node, calls, last, failed, open: end === null, seconds: end === null ? Math.max(0, now - sent(node)) : seconds };
  });
  found.sort((one, other) => Number(other.failed) - Number(one.failed) || other.seconds - one.seconds);
  const word = (/** @type {typeof found[0]} */ { last, calls, open, failed }) => {
    if (open) return sent(last) === Infinity ? 'waiting' : 'running';
    const again = calls.filter(call => call.kind !== 'gate').length - 1;
    return last.error ?? (failed ? 'refused' : again ? `answered after ${again + 1} calls` : '');
  };
  const rows = found.slice(0, MOST_ITEMS).map(each => line([
    element('span', { class: 'row' }, each.failed ? element('span', { class: 'sign errtext' }, iconElement('err')) : null,
      nodeLink(subject, String(each.node.number), `${(each.node.index ?? 0) + 1} · ${each.node.name}`)),
    word(each),
    shortTime(each.seconds),
    shortCost(sumCosts(each.calls.map(call => costBelow(state, call)))),
  ], [2, 3]));
  return [
    heading(`${whole(found.length)} calls`, 'failures first, then the slowest'),
    element('div', { class: 'batch-items' }, table(['Prompt', 'State', 'Time', 'Cost'], rows, [2, 3])),
    found.length > MOST_ITEMS ? element('p', { class: 'muted small' }, `and ${whole(found.length - MOST_ITEMS)} more; open the batch in the tree to see each.`) : null,
  ];
}
