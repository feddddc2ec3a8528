// @ts-check
// Prompt: what a model was sent, with what is new against the turn before.
import { whole } from '../format.js';
import { element } from '../ui.js';
import { isTurn } from '../words.js';
import { copyButton, heading, longText, note } from './pieces.js';

/** @typedef {import('../detail.js').Subject} Subject */
/** @typedef {import('../state.js').Node} Node */
/** @typedef {import('./pieces.js').Shown} Shown */

/** @param {Subject} subject @returns {Promise<Shown>} */
export async function prompt(subject) {
  const { full, node, state } = subject;
  if (full.kind === 'rlm') {
    return [heading('Question', '', copyButton(full.question ?? '', 'Copy question')), longText(full.question ?? '', 'question'),
      full.depth ? null : contextNote(state)];
  }
  const messages = full.request ?? [];
  const before = node && isTurn(state, node) ? await messagesBefore(subject, messages) : 0;
  const chars = messages.reduce((/** @type {number} */ sum, /** @type {any} */ message) => sum + message.content.length, 0);
  const shown = /** @type {Shown} */ ([]);
  if (before) {
    const old = messages.slice(0, before);
    shown.push(element('details', { class: 'older' },
      element('summary', {}, `${before} messages as in the turn before`),
      ...old.flatMap((/** @type {any} */ message, /** @type {number} */ index) => oneMessage(message, index))));
  }
  const fresh = messages.slice(before).flatMap((/** @type {any} */ message, /** @type {number} */ index) => oneMessage(message, before + index, before > 0));
  const told = `${whole(messages.length)} message${messages.length === 1 ? '' : 's'}, ${whole(chars)} characters`;
  return [element('p', { class: 'muted small' }, node?.input_tokens == null ? told : `${told}, ${whole(node.input_tokens)} tokens`),
    ...shown, ...fresh];
}

/** @param {import('../state.js').State} state */
function contextNote(state) {
  const documents = state.run.documents ?? [];
  const chars = documents.reduce((/** @type {number} */ sum, /** @type {any} */ each) => sum + each.chars, 0);
  const many = `${documents.length} document${documents.length === 1 ? '' : 's'}, ${whole(chars)} characters`;
  return note('', 'info', `Context: ${many}. The model sees neither names nor text of it; its code does.`);
}

/** How many messages this turn shares with the turn before. @param {Subject} subject @param {any[]} messages */
async function messagesBefore({ state, node, fetchNode }, messages) {
  const earlier = previousTurn(state, /** @type {Node} */ (node));
  if (!earlier) return 0;
  const { request = [] } = await fetchNode(earlier.number);
  const same = (/** @type {any} */ message, /** @type {number} */ index) =>
    messages[index]?.role === message.role && messages[index]?.content === message.content;
  return request.every(same) ? request.length : 0;
}

/** @param {import('../state.js').State} state @param {Node} node */
function previousTurn(state, node) {
  const parent = state.nodes.get(node.parent ?? -1);
  const home = parent?.kind === 'step' ? parent.parent : node.parent;
  const turns = (state.children.get(home) ?? []).flatMap(number => [number, ...(state.children.get(number) ?? [])])
    .map(number => /** @type {Node} */ (state.nodes.get(number)))
    .filter(other => other.kind === 'lm' && other.number < node.number && isTurn(state, other));
  return turns.at(-1);
}

/** @param {{ role: string, content: string }} message @param {number} index in the request @param {boolean} [fresh] @returns {Element[]} */
function oneMessage(message, index, fresh = false) {
  const badge = fresh ? element('span', { class: 'chip run sq' }, 'new') : null;
  return [
    heading(message.role, `${whole(message.content.length)} characters`, badge, copyButton(message.content, 'Copy message')),
    longText(message.content, `request.${index}`),
  ];
}
