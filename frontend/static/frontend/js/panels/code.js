// @ts-check
// Code + output: what a cell ran, which of its lines made calls, and what it printed.
import { whole } from '../format.js';
import { branches, costBelow, idOf, outcome } from '../layout.js';
import { python } from '../python.js';
import { sumCosts } from '../state.js';
import { element, iconElement } from '../ui.js';
import { costText, shortTime } from '../words.js';
import { errorOf } from './error.js';
import { longText } from './longtext.js';
import { copyButton, heading, many, muted, note } from './pieces.js';

/** @typedef {import('../detail.js').Subject} Subject */
/** @typedef {import('../state.js').Node} Node */
/** @typedef {import('../layout.js').Branch} Branch */
/** @typedef {import('./pieces.js').Shown} Shown */

const MOST_LINES = 1_500;
const MOST_CHARS = 400_000;
/** Which half of a cell's output is shown; it stays from node to node. */
let output = 'shown';

/** @param {'shown' | 'stdout'} which */
export const showOutput = which => { output = which; };

/** @param {Subject} subject @returns {Promise<Shown>} */
export async function code(subject) {
  const { full, node } = subject;
  const source = subject.text('code');
  if (source.chars <= MOST_CHARS) await source.whole();
  const calls = callsByLine(subject);
  const lines = python(source.here, new Set(calls.keys()));
  const kept = lines.slice(0, MOST_LINES);
  for (const [number, made] of calls) kept[number - 1]?.append(badge(subject, number, made));
  const now = kept[Number(subject.lit) - 1];
  now?.classList.add('now');
  if (now) requestAnimationFrame(() => now.scrollIntoView({ block: 'nearest' }));
  const time = node?.end == null ? 'running' : codeTime(full, node);
  const more = lines.length - kept.length;
  return [
    heading('Code', `${many(lines.length, 'line')}, ${time}`, copyButton(source, 'Copy code')),
    element('pre', { class: 'code', tabindex: 0, role: 'region', 'aria-label': 'Code', 'data-text': 'code' }, ...kept),
    more > 0 ? muted(`${whole(more)} more lines; copy the code to see them.`) : null,
    ...(node?.end == null ? [note('', 'clock', 'This code is still running. Its output comes when it has ended.')]
      : [...outputs(subject), ...errorOf(full)]),
  ];
}

/** @param {any} full @param {Node} node */
function codeTime(full, node) {
  const all = shortTime(/** @type {number} */ (node.end) - node.start);
  return full.code_seconds === undefined ? all : `${all}, of it ${shortTime(full.code_seconds)} in Python`;
}

// ------------------------------------------------------------------------------------------------ who called from where

/** @param {Subject} subject @returns {Map<number, Branch[]>} by number of the line */
function callsByLine({ state, full }) {
  const found = /** @type {Map<number, Branch[]>} */ (new Map());
  for (const branch of branches(state, full.number)) {
    const first = /** @type {Node} */ (branch.node ?? branch.batch?.items[0]);
    if (first.line === null || first.kind === 'gate') continue;
    const others = found.get(first.line);
    if (others) others.push(branch);
    else found.set(first.line, [branch]);
  }
  return found;
}

/** How many calls a line made, how long they took, what they cost; leads to them. @param {Subject} subject @param {number} number @param {Branch[]} made */
function badge(subject, number, made) {
  const { state, now } = subject;
  const items = made.flatMap(({ node, batch }) => batch?.items ?? [/** @type {Node} */ (node)]);
  const found = items.map(item => outcome(state, item));
  const took = made.reduce((sum, { node, batch }) => sum + span(node ? [node] : batch?.items ?? [], state, now), 0);
  const cost = costText(sumCosts(found.flatMap(({ calls }) => calls.map(call => costBelow(state, call)))));
  const failed = found.filter(each => each.failed).length;
  const words = [items.length > 1 ? `×${whole(items.length)}` : '', shortTime(took), cost === '–' ? '' : cost].filter(Boolean).join(' · ');
  const said = `${many(items.length, 'call')} from line ${number}${failed ? `, ${whole(failed)} failed` : ''}`;
  return element('button', {
    class: 'line-calls', type: 'button', title: said, 'aria-label': `${said}: ${words}`,
    'aria-pressed': String(String(number) === subject.lit),
    onclick: () => (made.length === 1 ? subject.select(idOf(made[0])) : subject.light(number)),
  }, iconElement(items.length > 1 ? 'batch' : items[0].kind), words, failed ? element('span', { class: 'errtext' }, ` ${whole(failed)} failed`) : null);
}

/** From the start of the first to the end of the last. @param {Node[]} items @param {import('../state.js').State} state @param {number} now */
function span(items, state, now) {
  let [from, to] = [Infinity, 0];
  for (const item of items) {
    from = Math.min(from, item.start);
    to = Math.max(to, outcome(state, item).end ?? now);
  }
  return Math.max(0, to - from);
}

// ------------------------------------------------------------------------------------------------ output

/** @param {Subject} subject @returns {Shown} */
function outputs({ full, redraw, text }) {
  const shown = text(output);
  const choice = (/** @type {string} */ value, /** @type {string} */ label) => element('button', {
    type: 'button', 'aria-pressed': String(output === value),
    onclick: () => { output = value; redraw(); },
  }, label);
  const length = full.stdout_chars ?? text('stdout').chars;
  const unseen = length - (full.shown_chars ?? length);
  return [
    heading('Output', '',
      element('span', { class: 'seg', role: 'group', 'aria-label': 'Output' },
        choice('shown', 'As the model saw it'), choice('stdout', `In full, ${whole(length)}`)),
      copyButton(shown, 'Copy output')),
    shown.chars ? longText(shown, { cut: output === 'shown' }) : muted(output === 'shown' ? 'The model was shown nothing.' : 'Nothing was printed.'),
    output === 'stdout' && unseen > 0 ? muted(`The model saw ${whole(length - unseen)} of these ${whole(length)} characters.`) : null,
    full.truncated && output === 'stdout' ? note('warn', 'warn', `More was printed than is kept: ${whole(length)} characters. Head and tail are here.`) : null,
    full.repl_lost ? note('warn', 'warn', 'The REPL had to be stopped after this cell; its variables are gone.') : null,
    full.ending ? note('', 'check', 'This code ended its RLM with an answer.') : null,
  ];
}
