// @ts-check
// What was noticed of a node while it ran: a stronger model, a repair, a history summed up, idle turns, a cap reached; and
// which calls were made instead of which.
import { whole } from '../format.js';
import { shortTime } from '../words.js';
import { note, nodeLink } from './pieces.js';

/** @typedef {import('../detail.js').Subject} Subject */
/** @typedef {import('./pieces.js').Shown} Shown */

const short = (/** @type {string} */ model) => model.slice(model.indexOf('/') + 1);

/** @param {string} [model] @param {string} [tier] */
const named = (model = '', tier = '') => `${short(model) || 'another model'}${tier ? ` (${tier})` : ''}`;

/** What each says. @type {Record<string, (told: any) => [string, string, string]>} */
const WORDS = {
  'tier.raised': told => ['warn', 'up', `Raised from ${named(told.from, told.from_tier)} to ${named(told.to, told.to_tier)}. ${told.reason ?? ''}`],
  'call.repaired': told => ['warn', 'again', `Asked again for a reply that can be used. ${told.reason ?? ''}`],
  'history.compacted': told => ['', 'info', `${whole(told.messages ?? 0)} messages were summed up: ${whole(told.tokens_before ?? 0)} tokens became ${whole(told.tokens_after ?? 0)}. The code still has them in history.`],
  'early_stop.noticed': told => ['warn', 'warn', `${told.reason ?? `Early stopping: ${String(told.rule ?? '').replaceAll('_', ' ')}.`}${told.mode === 'shadow' ? ' It was only noted.' : ''}`],
  'tool.called': told => [told.error ? 'warn' : '', told.error ? 'warn' : 'cell', `Called the tool ${told.name}${told.line ? ` in line ${told.line}` : ''}, ${shortTime(told.seconds ?? 0)}.${told.error ? ` ${told.error}` : ''}`],
  'budget.reached': told => ['warn', 'warn', told.message ?? `The limit of ${told.limit} was reached.`],
};

/** @param {any} told @param {...(Element | null)} more */
function oneNotice(told, ...more) {
  const [style, sign, text] = WORDS[told.type]?.(told) ?? ['', 'info', `${told.type} ${told.reason ?? ''}`];
  return note(style, sign, `${text.trim()} `, ...more);
}

/** @param {Subject} subject @returns {Shown} */
export const noticed = ({ full }) => (full.noticed ?? []).map((/** @type {any} */ told) => oneNotice(told));

/** Why this call was made in the place of another. @param {Subject} subject @returns {Shown} */
export function because(subject) {
  const { full, state } = subject;
  if (!full.before || !state.nodes.has(full.before)) return [];
  const link = nodeLink(subject, String(full.before), `The call before, node ${full.before}`);
  return [full.because ? oneNotice(full.because, link) : note('', 'again', 'Made once more. ', link)];
}

/** Who judged this call, and which calls were made in its place. @param {Subject} subject @returns {Shown} */
export function insteadOf(subject) {
  const { node, state } = subject;
  if (!node) return [];
  const siblings = (state.children.get(node.parent) ?? []).map(number => /** @type {import('../state.js').Node} */ (state.nodes.get(number)));
  return siblings.filter(other => other.follows === node.number).map(other => {
    if (other.kind !== 'gate') return note('', 'again', 'Made again: ', nodeLink(subject, String(other.number), `node ${other.number}, ${short(other.model)}`));
    const verdict = other.accepted === false ? 'refused' : other.accepted ? 'accepted' : 'judged';
    return note(other.accepted === false ? 'warn' : '', other.accepted === false ? 'warn' : 'gate', `The gate ${other.name} ${verdict} this reply: `, nodeLink(subject, String(other.number), `node ${other.number}`));
  });
}
