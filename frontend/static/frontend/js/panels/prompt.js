// @ts-check
// Prompt: what a model was sent, with what is new against the turn before.
import { whole } from '../format.js';
import { turnBefore } from '../turns.js';
import { element } from '../ui.js';
import { isTurn, shortModel } from '../words.js';
import { longText } from './longtext.js';
import { copyButton, heading, many, muted, nodeLink, note } from './pieces.js';

/** @typedef {import('../detail.js').Subject} Subject */
/** @typedef {import('./pieces.js').Shown} Shown */

/** @param {Subject} subject @returns {Shown} */
export function prompt(subject) {
  const { full, node, state } = subject;
  if (full.kind === 'rlm') return question(subject);
  if (full.kind === 'gate') return judged(subject);
  const messages = /** @type {{ role: string }[]} */ (full.request ?? []);
  if (!messages.length) return [muted('Nothing is recorded of what was sent.')];
  const same = Math.min(full.same ?? 0, messages.length);
  const texts = messages.map((_, index) => subject.text(`request.${index}`));
  const chars = texts.reduce((sum, text) => sum + text.chars, 0);
  const told = [many(messages.length, 'message'), `${whole(chars)} characters`, node?.input_tokens == null ? '' : `${whole(node.input_tokens)} tokens`];
  const shown = messages.map((message, index) => oneMessage(message.role, texts[index], same > 0 && index >= same));
  const earlier = node && isTurn(state, node) ? turnBefore(state, node) : undefined;
  return [
    element('p', { class: 'row muted small' }, element('span', { class: 'grow' }, told.filter(Boolean).join(', ')),
      copyButton(() => everything(messages, texts), 'Copy all messages')),
    same && earlier ? older(subject, shown.slice(0, same), earlier.number) : null,
    same === messages.length ? note('', 'info', `Nothing is new: the same was sent ${earlier && earlier.model !== full.model ? `to ${shortModel(earlier.model)} ` : ''}before.`) : null,
    ...shown.slice(same).flat(),
  ];
}

/** Messages that were sent in the turn before too, folded. @param {Subject} subject @param {Element[][]} messages @param {number} earlier */
const older = (subject, messages, earlier) => element('details', { class: 'older' },
  element('summary', {}, `${many(messages.length, 'message')} as in the turn before`),
  element('p', { class: 'small' }, nodeLink(subject, String(earlier), `Open that turn, node ${earlier}`)),
  ...messages.flat());

/** @param {{ role: string }[]} messages @param {import('../texts.js').NodeText[]} texts */
async function everything(messages, texts) {
  const parts = [];
  for (const [index, text] of texts.entries()) parts.push(`[${messages[index].role}]\n${await text.whole()}`);
  return parts.join('\n\n');
}

/** @param {string} role @param {import('../texts.js').NodeText} text @param {boolean} fresh @returns {Element[]} */
function oneMessage(role, text, fresh) {
  const badge = fresh ? element('span', { class: 'chip run sq' }, 'new') : null;
  return [
    heading(role, `${whole(text.chars)} characters`, badge, copyButton(text, 'Copy message')),
    text.chars ? longText(text) : muted('This message is empty.'),
  ];
}

/** @param {Subject} subject @returns {Shown} */
function question({ full, state, text }) {
  const asked = text('question');
  const documents = state.run.documents ?? [];
  const chars = documents.reduce((/** @type {number} */ sum, /** @type {any} */ each) => sum + each.chars, 0);
  const context = `Context: ${many(documents.length, 'document')}, ${whole(chars)} characters. The model sees neither names nor text of it; its code does.`;
  return [heading('Question', '', copyButton(asked, 'Copy question')), longText(asked), full.depth ? null : note('', 'info', context)];
}

/** What a gate judged. @param {Subject} subject @returns {Shown} */
function judged(subject) {
  const { full, state } = subject;
  const of = state.nodes.get(full.of ?? -1);
  const what = full.on === 'answer' ? 'the answer of this step' : 'a reply';
  return [
    heading('What was judged'),
    element('p', {}, `This gate judged ${what}`, of ? ': ' : '.', of ? nodeLink(subject, String(of.number), of.name) : null),
  ];
}
