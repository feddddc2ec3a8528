// @ts-check
// Response: what came back, of a call, a step, an rlm node, a gate or a batch.
import { whole } from '../format.js';
import { element } from '../ui.js';
import { attempts } from './attempts.js';
import { batchItems } from './batch.js';
import { errorOf } from './error.js';
import { longText } from './longtext.js';
import { because, insteadOf, noticed } from './noticed.js';
import { copyButton, heading, muted, note, nodeLink, nothing, plainText } from './pieces.js';

/** @typedef {import('../detail.js').Subject} Subject */
/** @typedef {import('./pieces.js').Shown} Shown */

const FINISHES = /** @type {Record<string, string>} */ ({
  length: 'The reply was cut at the limit of output tokens.',
  degenerate: 'The reply only repeated itself and was cut.',
  content_filter: 'The provider refused the content.',
});

/** @param {Subject} subject @returns {Shown} */
export function response(subject) {
  const { batch, full } = subject;
  if (batch) return batchItems(subject);
  if (full.kind === 'step') return stepShown(subject);
  if (full.kind === 'rlm') return rlmShown(subject);
  if (full.kind === 'gate') return gateShown(subject);
  return [...because(subject), ...replyShown(subject), ...insteadOf(subject), ...noticed(subject)];
}

/** @param {Subject} subject @returns {Shown} */
function replyShown(subject) {
  const { full, node, words, text } = subject;
  const tries = full.retries?.length ? attempts(subject) : [];
  if (node?.end === null) return [heading('Reply', 'being written'), element('pre', { class: 'stream', tabindex: 0 }, words), ...tries];
  if (full.status === 'cancelled') return [nothing('stop', 'Cancelled', 'This call was stopped before it was answered.'), ...tries];
  const [reply, reasoning] = [text('response'), text('reasoning')];
  const facts = [`${whole(full.usage?.output_tokens ?? 0)} tokens`, full.finish_reason ? `finish: ${full.finish_reason}` : ''];
  return [
    full.error ? note('err', 'err', full.error.message || full.error.kind) : null,
    FINISHES[full.finish_reason] ? note('warn', 'warn', FINISHES[full.finish_reason]) : null,
    reasoning.chars ? element('details', { class: 'older' },
      element('summary', {}, `Reasoning, ${whole(reasoning.chars)} characters`), copyButton(reasoning, 'Copy reasoning'), longText(reasoning)) : null,
    ...(full.response === undefined ? [] : [
      heading('Reply', facts.filter(Boolean).join(', '), copyButton(reply, 'Copy reply')),
      reply.chars ? longText(reply) : muted('The reply is empty.'),
    ]),
    ...tries,
  ];
}

/** @param {Subject} subject @returns {Shown} */
function stepShown(subject) {
  const { full, text } = subject;
  const thought = text('thought');
  const notes = /** @type {string[]} */ (full.notes ?? (full.note ? [full.note] : []));
  const empty = full.status === 'running' ? 'The model is writing.' : 'It wrote nothing but code.';
  return [
    ...errorOf(full),
    ...noticed(subject),
    full.compaction ? null : heading('Thought', 'what the model wrote around its code', thought.chars ? copyButton(thought, 'Copy thought') : null),
    full.compaction ? null : thought.chars ? longText(thought) : muted(empty),
    ...(notes.length ? [heading('What the model was told beside its output', '', copyButton(notes.join('\n\n'), 'Copy notes')), ...notes.map(plainText)] : []),
  ];
}

/** @param {Subject} subject @returns {Shown} */
function rlmShown(subject) {
  const { full, state, text } = subject;
  const answer = text('answer');
  const error = full.error ?? (full.depth === 0 ? state.run.error : null);
  const how = full.ended_by ? `ended by ${full.ended_by.replaceAll('_', ' ')}` : '';
  return [
    error ? note('err', 'err', error.message || error.kind) : null,
    full.unexplored ? note('warn', 'warn', 'This answer came without a look at the text.') : null,
    ...noticed(subject),
    heading('Answer', how, answer.chars ? copyButton(answer, 'Copy answer') : null),
    answer.chars ? longText(answer) : muted(full.status === 'running' ? 'There is no answer yet.' : 'It ended without an answer.'),
  ];
}

/** @param {Subject} subject @returns {Shown} */
function gateShown(subject) {
  const { full, state } = subject;
  if (full.status === 'running') return [heading(full.gate ?? full.name), note('', 'clock', 'It is judging.')];
  const verdicts = /** @type {Record<string, [string, string, string]>} */ ({
    true: ['ok', 'check', 'Accepted'], false: ['warn', 'warn', 'Refused'], null: ['', 'info', 'No verdict'],
  });
  const [style, sign, word] = verdicts[String(full.accepted ?? null)];
  const asked = (state.children.get(full.number) ?? []).map(number => state.nodes.get(number)).filter(node => node?.kind === 'lm');
  return [
    ...errorOf(full),
    heading(full.gate ?? full.name, full.on === 'answer' ? 'judges answers' : 'judges replies', full.reason ? copyButton(full.reason, 'Copy reason') : null),
    note(style, sign, full.reason ? `${word}: ${full.reason}` : word),
    ...(asked.length ? [heading('Whom it asked'), ...asked.map(node => element('p', {}, nodeLink(subject, String(node?.number), `${node?.name} · ${node?.model}`)))] : []),
  ];
}
