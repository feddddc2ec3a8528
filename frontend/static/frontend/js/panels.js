// @ts-check
// What each tab of the detail pane shows. Text of models and documents gets in as text nodes only; long texts come in
// windows.
import { whole } from './format.js';
import { figures } from './layout.js';
import { active, sending } from './timing.js';
import { documentAt } from './place.js';
import { python } from './python.js';
import { costOf, subtree, subtreeCost, sumCosts } from './state.js';
import { copy, element, iconElement } from './ui.js';
import { costText, isTurn, shortCost, shortTime } from './words.js';

/** @typedef {import('./detail.js').Subject} Subject */
/** @typedef {import('./state.js').Node} Node */
/** @typedef {(Element | null)[]} Shown */

const WINDOW = 20_000;
const MOST_LINES = 1_500;
const MOST_ITEMS = 200;
const HOW = /** @type {Record<string, string>} */ ({
  grep: 'found by grep', peek: 'looked at by code', slice: 'cut out by code', printed: 'printed to the model',
  sent: 'sent to a model', cited: 'cited',
});
/** Which half of a cell's output is shown; it stays from node to node. */
let output = 'shown';

/** @type {Record<string, (subject: Subject) => Shown | Promise<Shown>>} */
export const PANELS = {
  'Code + output': code, Prompt: prompt, Response: response, Variables: variables, Reads: reads, Cost: cost, Raw: raw,
};

// ------------------------------------------------------------------------------------------------ pieces

/** @param {string} title @param {string} [aside] @param {...(Element | null)} more */
const heading = (title, aside = '', ...more) =>
  element('h3', {}, title, aside ? element('span', { class: 'muted aside' }, aside) : null, ...more);

/** @param {string} text @param {string} said */
const copyButton = (text, said) => element('button', {
  class: 'btn ghost icon sm', type: 'button', 'aria-label': said, title: said, onclick: () => copy(text, 'Copied.'),
}, iconElement('copy'));

/** @param {string} style @param {string} sign @param {string} text */
const note = (style, sign, text) => element('div', { class: `note ${style}` }, iconElement(sign), element('span', {}, text));

/** @param {string} sign @param {string} title @param {string} text */
const nothing = (sign, title, text) =>
  element('div', { class: 'state' }, iconElement(sign), element('h3', {}, title), element('p', {}, text));

/** A text of any length: its beginning, and a button for the next piece. @param {string} text @param {string} [style] */
export function longText(text, style = '') {
  const shown = element('pre', { class: `code plain ${style}`, tabindex: 0 });
  const holder = element('div', { class: 'longtext' }, shown);
  let at = 0;
  const more = () => {
    shown.append(text.slice(at, at + WINDOW));
    at = Math.min(text.length, at + WINDOW);
    button.hidden = at >= text.length;
    button.textContent = `Show more (${whole(at)} of ${whole(text.length)} characters)`;
  };
  const button = element('button', { class: 'btn sm', type: 'button', onclick: more });
  holder.append(button);
  more();
  return holder;
}

/** @param {string[]} head @param {Element[]} body @param {number[]} [numbers] columns that stand right */
const table = (head, body, numbers = []) => element('table', {},
  element('thead', {}, element('tr', {}, ...head.map((word, index) => element('th', { class: numbers.includes(index) ? 'num' : null }, word)))),
  element('tbody', {}, ...body));

/** @param {(string | Element)[]} cells @param {number[]} [numbers] */
const line = (cells, numbers = []) =>
  element('tr', {}, ...cells.map((cell, index) => element('td', { class: numbers.includes(index) ? 'num' : null }, cell)));

/** @param {Subject} subject @param {string} id @param {string} text */
const nodeLink = (subject, id, text) => element('a', {
  href: `?node=${id}`,
  onclick: (/** @type {Event} */ event) => { event.preventDefault(); subject.select(id); },
}, text);

// ------------------------------------------------------------------------------------------------ code and output

/** @param {Subject} subject @returns {Shown} */
function code(subject) {
  const { full, node, state } = subject;
  const source = full.code ?? '';
  const called = new Set((state.children.get(full.number) ?? []).map(number => state.nodes.get(number)?.line ?? 0));
  const lines = python(source, called);
  const kept = lines.slice(0, MOST_LINES);
  const time = node?.end == null ? 'running' : codeTime(full, node);
  const shown = [
    heading('Code', `${whole(lines.length)} line${lines.length === 1 ? '' : 's'}, ${time}`, copyButton(source, 'Copy code')),
    element('pre', { class: 'code', tabindex: 0, role: 'region', 'aria-label': 'Code' }, ...kept),
    lines.length > kept.length ? element('p', { class: 'muted small' }, `${whole(lines.length - kept.length)} more lines; copy the code to see them.`) : null,
  ];
  if (node?.end == null) return [...shown, note('', 'clock', 'This code is still running. Its output comes when it has ended.')];
  return [...shown, ...outputs(subject), ...errorOf(full)];
}

/** @param {any} full @param {Node} node */
function codeTime(full, node) {
  const all = shortTime(/** @type {number} */ (node.end) - node.start);
  return full.code_seconds === undefined ? all : `${all}, of it ${shortTime(full.code_seconds)} in Python`;
}

/** @param {Subject} subject @returns {Shown} */
function outputs({ full, redraw }) {
  const whole_text = full.stdout ?? '';
  const seen = full.shown ?? '';
  const choice = (/** @type {string} */ value, /** @type {string} */ label) => element('button', {
    type: 'button', 'aria-pressed': String(output === value),
    onclick: () => { output = value; redraw(); },
  }, label);
  const length = full.stdout_chars ?? whole_text.length;
  const text = output === 'shown' ? seen : whole_text;
  const empty = output === 'shown' ? 'The model was shown nothing.' : 'Nothing was printed.';
  return [
    heading('Output', '',
      element('span', { class: 'seg', role: 'group', 'aria-label': 'Output' },
        choice('shown', 'As the model saw it'), choice('full', `In full, ${whole(length)}`)),
      copyButton(text, 'Copy output')),
    text ? longText(text) : element('p', { class: 'muted small' }, empty),
    full.truncated && output === 'full' ? note('warn', 'warn', `More was printed than is kept: ${whole(length)} characters. Head and tail are here.`) : null,
    full.repl_lost ? note('warn', 'warn', 'The REPL had to be stopped after this cell; its variables are gone.') : null,
    full.ending ? note('', 'check', 'This code ended its RLM with an answer.') : null,
  ];
}

/** @param {any} full @returns {Shown} */
function errorOf(full) {
  if (!full.error) return [];
  const { kind, message, traceback } = full.error;
  return [
    heading('Error', '', traceback ? copyButton(traceback, 'Copy traceback') : null),
    note('err', 'err', message ? `${kind}: ${message}` : kind),
    traceback ? longText(traceback) : null,
  ];
}

// ------------------------------------------------------------------------------------------------ prompt

/** @param {Subject} subject @returns {Promise<Shown>} */
async function prompt(subject) {
  const { full, node, state } = subject;
  if (full.kind === 'rlm') {
    return [heading('Question', '', copyButton(full.question ?? '', 'Copy question')), longText(full.question ?? ''),
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
      ...old.flatMap((/** @type {any} */ message) => oneMessage(message))));
  }
  const fresh = messages.slice(before).flatMap((/** @type {any} */ message) => oneMessage(message, before > 0));
  const told = `${whole(messages.length)} message${messages.length === 1 ? '' : 's'}, ${whole(chars)} characters`;
  return [element('p', { class: 'muted small' }, node?.input_tokens == null ? told : `${told}, ${whole(node.input_tokens)} tokens`),
    ...shown, ...fresh];
}

/** @param {import('./state.js').State} state */
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

/** @param {import('./state.js').State} state @param {Node} node */
function previousTurn(state, node) {
  const parent = state.nodes.get(node.parent ?? -1);
  const home = parent?.kind === 'step' ? parent.parent : node.parent;
  const turns = (state.children.get(home) ?? []).flatMap(number => [number, ...(state.children.get(number) ?? [])])
    .map(number => /** @type {Node} */ (state.nodes.get(number)))
    .filter(other => other.kind === 'lm' && other.number < node.number && isTurn(state, other));
  return turns.at(-1);
}

/** @param {{ role: string, content: string }} message @param {boolean} [fresh] @returns {Element[]} */
function oneMessage(message, fresh = false) {
  const badge = fresh ? element('span', { class: 'chip run sq' }, 'new') : null;
  return [
    heading(message.role, `${whole(message.content.length)} characters`, badge, copyButton(message.content, 'Copy message')),
    longText(message.content),
  ];
}

// ------------------------------------------------------------------------------------------------ response

/** @param {Subject} subject @returns {Shown} */
function response(subject) {
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
    ...(full.reasoning ? [element('details', { class: 'older' }, element('summary', {}, `Reasoning, ${whole(full.reasoning.length)} characters`), longText(full.reasoning))] : []),
    ...(full.response === undefined ? [] : [
      heading('Reply', facts.filter(Boolean).join(', '), copyButton(full.response, 'Copy reply')),
      full.response ? longText(full.response) : element('p', { class: 'muted small' }, 'The reply is empty.'),
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
    full.thought ? longText(full.thought) : element('p', { class: 'muted small' }, full.status === 'running' ? 'The model is writing.' : 'It wrote nothing but code.'),
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
    full.answer ? longText(full.answer) : element('p', { class: 'muted small' }, full.status === 'running' ? 'There is no answer yet.' : 'It ended without an answer.'),
  ];
}

/** @param {any} full @returns {Shown} */
function gateShown(full) {
  const [style, sign, word] = full.accepted ? ['ok', 'check', 'Accepted'] : ['warn', 'warn', 'Sent back'];
  return [heading(full.gate ?? 'Gate'), note(style, sign, full.reason ? `${word}: ${full.reason}` : word)];
}

/** Failures first, then the slowest. @param {Subject} subject @returns {Shown} */
function batchItems(subject) {
  const batch = /** @type {import('./layout.js').Batch} */ (subject.batch);
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

// ------------------------------------------------------------------------------------------------ variables and reads

/** @param {Subject} subject @returns {Shown} */
function variables({ full, node }) {
  const found = [...(full.variables ?? [])].sort((one, other) => Number(other.changed) - Number(one.changed));
  if (!found.length) {
    const text = node?.end === null ? 'They are told when the cell has ended.' : 'This cell left no names behind.';
    return [nothing('cell', 'No variables', text)];
  }
  const rows = found.map(variable => line([
    element('span', { class: 'mono nw' }, variable.name, variable.changed ? element('span', { class: 'chip run sq gap' }, 'changed') : null),
    element('span', { class: 'mono muted nw' }, variable.type),
    variable.size === null || variable.size === undefined ? '' : whole(variable.size),
    element('span', { class: 'mono preview', title: variable.preview }, variable.preview),
  ], [2]));
  return [heading('After this cell', 'changed names first'), table(['Name', 'Type', 'Size', 'Value'], rows, [2])];
}

/** @param {Subject} subject @returns {Shown} */
function reads({ full, state }) {
  const documents = new Map((state.run.documents ?? []).map((/** @type {any} */ each) => [each.id, each.name]));
  const cited = (full.sources ?? []).map((/** @type {any} */ source) => ({ ...source, how: 'cited' }));
  const found = [...(full.reads ?? []), ...cited];
  if (!found.length) return [nothing('doc', 'No reads', 'This node touched no text of a document, or none that is known.')];
  const rows = found.slice(0, 500).map(({ document, start, end, how }) => line([
    documentLink(document, start, end, documents.get(document) ?? document),
    `${whole(start)}–${whole(end)}`, HOW[how] ?? how,
  ], [1]));
  const many = `${whole(found.length)} recorded range${found.length === 1 ? '' : 's'}`;
  return [heading(many, 'each opens the document there'), table(['Document', 'Characters', 'How'], rows, [1])];
}

/** Opens the document at a span, where documents can be opened. @param {string} document @param {number} start @param {number} end @param {string} name */
function documentLink(document, start, end, name) {
  const address = documentAt(document, start, end);
  return address ? element('a', { href: address, 'data-read': '', class: 'trunc doc-name' }, name) : element('span', { class: 'trunc doc-name' }, name);
}

// ------------------------------------------------------------------------------------------------ cost and raw

const TOKENS = /** @type {[string, string, string | null][]} */ ([
  ['Input', 'input_tokens', 'input'], ['of it read from cache', 'cache_read_tokens', 'cache_read'],
  ['of it written to cache', 'cache_write_tokens', 'cache_write'], ['Output', 'output_tokens', 'output'],
  ['of it reasoning', 'reasoning_tokens', null],
]);

/** @param {Subject} subject @returns {Shown} */
function cost(subject) {
  return subject.full?.kind === 'lm' ? callCost(subject) : sumCost(subject);
}

/** @param {Subject} subject @returns {Shown} */
function callCost({ full, node }) {
  const { usage, price } = full;
  if (!usage) return [nothing('clock', 'No figures yet', 'What this call took is known when it has ended.')];
  const rows = TOKENS.map(([word, kind, rate]) => line([
    word, whole(usage[kind] ?? 0), rate && price?.[rate] != null ? `$${price[rate]}` : '',
  ], [1, 2]));
  const kind = full.cost?.kind ?? 'unknown';
  return [
    heading('This call', usage.estimated ? 'estimated from the texts: the server reported no tokens' : 'as the server reported'),
    table(['Tokens', 'Count', 'Per million'], rows, [1, 2]),
    element('dl', { class: 'pairs-list' },
      ...pair('Cost', full.cost?.usd == null ? 'unknown' : `${costText({ usd: full.cost.usd, kind, unpriced_calls: 0 })} (${kind})`),
      ...pair('Prices', price ? `${price.source}, as of ${price.as_of}` : 'unknown for this model; set them in Settings'),
      ...pair('Model', full.reported_model && !full.model?.endsWith(full.reported_model) ? `${full.model} (answered as ${full.reported_model})` : full.model),
      ...pair('Tries', String(full.attempt ?? 1)),
      ...pair('Queued', shortTime((node?.queued_ms ?? 0) / 1000))),
  ];
}

/** @param {string} term @param {string} value */
const pair = (term, value) => [element('dt', {}, term), element('dd', {}, value)];

/** A batch, or a node and all below it, by model. @param {Subject} subject @returns {Shown} */
function sumCost({ batch, full, state }) {
  const below = batch ? batch.items.flatMap(node => subtree(state, node.number)) : subtree(state, full.number);
  const calls = below.filter(node => node.kind === 'lm');
  if (!calls.length) return [nothing('lm', 'No model calls', 'Nothing here asked a model, so nothing was spent.')];
  const models = /** @type {Map<string, Node[]>} */ (new Map());
  for (const node of calls) {
    if (!models.has(node.model)) models.set(node.model, []);
    models.get(node.model)?.push(node);
  }
  const sum = (/** @type {Node[]} */ nodes, /** @type {keyof Node} */ column) => whole(nodes.reduce((total, node) => total + Number(node[column] ?? 0), 0));
  const rows = [...models].map(([model, nodes]) => {
    const total = element('b', {}, costText(sumCosts(nodes.map(costOf))));
    const tokens = /** @type {const} */ (['input_tokens', 'cache_read_tokens', 'output_tokens']).map(kind => sum(nodes, kind));
    return line([model, whole(nodes.length), ...tokens, total], [1, 2, 3, 4, 5]);
  });
  return [heading(batch ? 'All calls of the batch' : 'This node and all below it'),
    table(['Model', 'Calls', 'In', 'Cached', 'Out', 'Cost'], rows, [1, 2, 3, 4, 5])];
}

/** @param {Subject} subject @returns {Shown} */
function raw({ batch, full }) {
  const value = batch ? { batch: batch.number, kind: batch.kind, items: batch.items.map(node => node.number) } : full;
  const text = JSON.stringify(value, null, 2);
  return [heading('Record', `${whole(text.length)} characters of JSON`, copyButton(text, 'Copy JSON')), longText(text)];
}
