// @ts-check
// Response: what came back, of a call, a step, an rlm node, a gate or a batch.
import { whole } from '../format.js';
import { element } from '../ui.js';
import { shortTime } from '../words.js';
import { batchItems } from './batch.js';
import { errorOf } from './error.js';
import { copyButton, heading, longText, note, nothing } from './pieces.js';

/** @typedef {import('../detail.js').Subject} Subject */
/** @typedef {import('../state.js').Node} Node */
/** @typedef {import('./pieces.js').Shown} Shown */

/** @param {Subject} subject @returns {Shown} */
export function response(subject) {
  const { batch, full, node, words } = subject;
  if (batch) return batchItems(subject);
  if (full.kind === 'step') return stepShown(full);
  if (full.kind === 'rlm') return rlmShown(subject);
  if (full.kind === 'gate') return gateShown(full);
  if (node?.end === null) {
    return [heading('Reply', 'being written'), element('pre', { class: 'stream' }, words), ...retriesOf(full)];
  }
  if (full.status === 'cancelled') return [nothing('stop', 'Cancelled', 'The run was stopped before this call was answered.'), ...retriesOf(full)];
  const facts = [`${whole(full.usage?.output_tokens ?? 0)} tokens`, full.finish_reason ? `finish: ${full.finish_reason}` : ''];
  return [
    ...(full.error ? [note('err', 'err', full.error.message || full.error.kind)] : []),
    full.finish_reason === 'length' ? note('warn', 'warn', 'The reply was cut at the limit of output tokens.') : null,
    ...retriesOf(full),
    ...(full.reasoning ? [element('details', { class: 'older' }, element('summary', {}, `Reasoning, ${whole(full.reasoning.length)} characters`), longText(full.reasoning, 'reasoning'))] : []),
    ...(full.response === undefined ? [] : [
      heading('Reply', facts.filter(Boolean).join(', '), copyButton(full.response, 'Copy reply')),
      full.response ? longText(full.response, 'response') : element('p', { class: 'muted small' }, 'The reply is empty.'),
    ]),
  ];
}

/** @param {any} full @returns {Shown} */
function retriesOf(full) {
  return (full.retries ?? []).map((/** @type {any} */ retry) =>
    note('warn', 'warn', `Try ${retry.attempt} failed (${retry.kind}): ${retry.message} Waited ${shortTime(retry.wait_seconds)}.`));
}

/** @param {any} full @returns {Shown} */
function stepShown(full) {
  const notes = full.notes ?? (full.note ? [full.note] : []);
  return [
    ...errorOf(full),
    heading('Thought', 'what the model wrote around its code', full.thought ? copyButton(full.thought, 'Copy thought') : null),
    full.thought ? longText(full.thought, 'thought') : element('p', { class: 'muted small' }, full.status === 'running' ? 'The model is writing.' : 'It wrote nothing but code.'),
    ...(notes.length ? [heading('What the model was told beside its output'), ...notes.map((/** @type {string} */ text) => longText(text))] : []),
  ];
}

/** @param {Subject} subject @returns {Shown} */
function rlmShown({ full, state }) {
  const error = full.error ?? (full.depth === 0 ? state.run.error : null);
  const how = full.ended_by ? `ended by ${full.ended_by.replaceAll('_', ' ')}` : '';
  return [
    ...(error ? [note('err', 'err', error.message || error.kind)] : []),
    full.unexplored ? note('warn', 'warn', 'This answer came without a look at the text.') : null,
    heading('Answer', how, full.answer ? copyButton(full.answer, 'Copy answer') : null),
    full.answer ? longText(full.answer, 'answer') : element('p', { class: 'muted small' }, full.status === 'running' ? 'There is no answer yet.' : 'It ended without an answer.'),
  ];
}

/** @param {any} full @returns {Shown} */
function gateShown(full) {
  const [style, sign, word] = full.accepted ? ['ok', 'check', 'Accepted'] : ['warn', 'warn', 'Sent back'];
  return [heading(full.gate ?? 'Gate'), note(style, sign, full.reason ? `${word}: ${full.reason}` : word)];
}
