// @ts-check
// Where the time of a call went: its turn in the queue, each try, the waits between, the last try; as bars on one axis.
import { element } from '../ui.js';
import { shortTime } from '../words.js';
import { heading } from './pieces.js';

/** @typedef {import('../detail.js').Subject} Subject */
/** @typedef {import('./pieces.js').Shown} Shown */
/** @typedef {{ style: 'queue' | 'failed' | 'wait' | 'last', word: string, said: string, seconds: number }} Stretch */

/** @param {Subject} subject @returns {Stretch[]} in order of time; together as long as the call */
export function stretches({ full, node, now }) {
  const queued = (full.queued_ms ?? node?.queued_ms ?? 0) / 1000;
  const found = /** @type {Stretch[]} */ ([]);
  if (queued >= 0.0005) found.push({ style: 'queue', word: 'Queued', said: 'for a free place', seconds: queued });
  for (const { attempt, kind, message, seconds, wait_seconds: wait } of full.retries ?? []) {
    found.push({ style: 'failed', word: `Try ${attempt}`, said: `${kind}: ${message}`, seconds: seconds ?? 0 });
    if (wait) found.push({ style: 'wait', word: 'Waited', said: 'before the next try', seconds: wait });
  }
  const whole = node ? (node.end ?? now) - node.start : 0;
  const rest = Math.max(0, whole - found.reduce((sum, each) => sum + each.seconds, 0));
  const end = full.status === 'running' ? 'not answered yet' : full.status === 'succeeded' ? 'answered' : full.error?.kind ?? full.status;
  found.push({ style: full.status === 'failed' ? 'failed' : 'last', word: `Try ${(full.retries?.length ?? 0) + 1}`, said: end, seconds: rest });
  return found;
}

/** @param {Subject} subject @returns {Shown} */
export function attempts(subject) {
  const found = stretches(subject);
  const all = Math.max(1e-6, found.reduce((sum, each) => sum + each.seconds, 0));
  let at = 0;
  const rows = found.map(({ style, word, said, seconds }) => {
    const bar = element('i', { class: style });
    bar.style.marginLeft = `${Math.min(99, 100 * at / all)}%`;
    bar.style.width = `max(2px, ${100 * seconds / all}%)`;
    at += seconds;
    return element('li', {}, element('span', { class: 'word' }, word), element('span', { class: 'bar', 'aria-hidden': 'true' }, bar),
      element('span', { class: 'num' }, shortTime(seconds)), element('span', { class: 'said muted trunc', title: said }, said));
  });
  return [heading('Time', shortTime(all)), element('ul', { class: 'attempts', 'aria-label': 'Where the time of this call went' }, ...rows)];
}
