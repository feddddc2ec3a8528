// @ts-check
// Code + output: what a cell ran and what it printed.
import { whole } from '../format.js';
import { python } from '../python.js';
import { element } from '../ui.js';
import { shortTime } from '../words.js';
import { errorOf } from './error.js';
import { copyButton, heading, longText, note } from './pieces.js';

/** @typedef {import('../detail.js').Subject} Subject */
/** @typedef {import('../state.js').Node} Node */
/** @typedef {import('./pieces.js').Shown} Shown */

const MOST_LINES = 1_500;
/** Which half of a cell's output is shown; it stays from node to node. */
let output = 'shown';

/** @param {Subject} subject @returns {Shown} */
export function code(subject) {
  const { full, node, state } = subject;
  const source = full.code ?? '';
  const called = new Set((state.children.get(full.number) ?? []).map(number => state.nodes.get(number)?.line ?? 0));
  const lines = python(source, called);
  const kept = lines.slice(0, MOST_LINES);
  const time = node?.end == null ? 'running' : codeTime(full, node);
  const shown = [
    heading('Code', `${whole(lines.length)} line${lines.length === 1 ? '' : 's'}, ${time}`, copyButton(source, 'Copy code')),
    element('pre', { class: 'code', tabindex: 0, role: 'region', 'aria-label': 'Code', 'data-text': 'code' }, ...kept),
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
    text ? longText(text, output === 'shown' ? 'shown' : 'stdout') : element('p', { class: 'muted small' }, empty),
    full.truncated && output === 'full' ? note('warn', 'warn', `More was printed than is kept: ${whole(length)} characters. Head and tail are here.`) : null,
    full.repl_lost ? note('warn', 'warn', 'The REPL had to be stopped after this cell; its variables are gone.') : null,
    full.ending ? note('', 'check', 'This code ended its RLM with an answer.') : null,
  ];
}
