// @ts-check
// Variables: the names that a cell left behind, against those of the cell before.
import { whole } from '../format.js';
import { cellBefore } from '../turns.js';
import { element } from '../ui.js';
import { copyButton, heading, line, many, nodeLink, nothing, table } from './pieces.js';

/** @typedef {import('../detail.js').Subject} Subject */
/** @typedef {import('./pieces.js').Shown} Shown */
/** @typedef {{ name: string, type: string, size: number | null, preview: string, changed: boolean }} Variable */
/** @typedef {{ how: 'new' | 'changed' | 'set again' | 'gone' | '', is: Variable | null, was: Variable | null }} Change */

/** Names that are listed of one cell; with more, one that is missing need not be gone. */
const MOST_LISTED = 100;
const ORDER = ['new', 'changed', 'set again', 'gone', ''];
const STYLES = /** @type {Record<string, string>} */ ({ new: 'ok', changed: 'run', 'set again': '', gone: 'err' });

/** @param {Variable[]} now @param {Variable[] | null} before null: it is not known what was before @returns {Change[]} */
export function changes(now, before) {
  const was = new Map((before ?? []).map(variable => [variable.name, variable]));
  const found = now.map(is => ({ is, was: was.get(is.name) ?? null, how: howOf(is, was.get(is.name), before !== null) }));
  const here = new Set(now.map(variable => variable.name));
  const gone = now.length < MOST_LISTED ? (before ?? []).filter(variable => !here.has(variable.name)) : [];
  return [...found, ...gone.map(variable => ({ is: null, was: variable, how: /** @type {const} */ ('gone') }))];
}

/** @param {Variable} is @param {Variable | undefined} was @param {boolean} known @returns {Change['how']} */
function howOf(is, was, known) {
  if (!known) return is.changed ? 'changed' : '';
  if (!was) return 'new';
  if (is.type !== was.type || is.size !== was.size || is.preview !== was.preview) return 'changed';
  return is.changed ? 'set again' : '';
}

/** @param {Subject} subject @returns {Promise<Shown>} */
export async function variables(subject) {
  const { full, node, state, fetchNode } = subject;
  if (node?.end === null) return [nothing('cell', 'No variables', 'They are told when the cell has ended.')];
  const earlier = node && cellBefore(state, node);
  const before = earlier ? await fetchNode(earlier.number) : null;
  const known = /** @type {Variable[] | null} */ (before ? (before.repl_lost ? [] : before.variables ?? null) : []);
  const found = changes(full.variables ?? [], known);
  if (!found.length) return [nothing('cell', 'No variables', 'This cell left no names behind.')];
  found.sort((one, other) => ORDER.indexOf(one.how) - ORDER.indexOf(other.how));
  const told = found.filter(({ how }) => how);
  const rest = found.filter(({ how }) => !how);
  return [
    heading('After this cell', counted(told), copyButton(() => asText(found), 'Copy variables')),
    earlier ? element('p', { class: 'small muted' }, 'Against ', nodeLink(subject, String(earlier.number), `the cell before, node ${earlier.number}`)) : null,
    before?.repl_lost ? element('p', { class: 'small muted' }, 'The REPL was replaced after it, so everything is new.') : null,
    told.length ? listed(told) : element('p', { class: 'muted small' }, 'Nothing changed.'),
    rest.length ? element('details', { class: 'older', open: told.length === 0 }, element('summary', {}, `${many(rest.length, 'name')} as before`), listed(rest)) : null,
  ];
}

/** “2 new, 1 changed”. @param {Change[]} told */
function counted(told) {
  const of = (/** @type {string} */ how) => told.filter(each => each.how === how).length;
  return ORDER.filter(how => how && of(how)).map(how => `${whole(of(how))} ${how}`).join(', ');
}

/** @param {Change[]} found */
function listed(found) {
  const rows = found.map(({ how, is, was }) => {
    const shown = /** @type {Variable} */ (is ?? was);
    const size = was && is && was.size !== is.size ? `${sizeOf(was)} → ${sizeOf(is)}` : sizeOf(shown);
    const type = was && is && was.type !== is.type ? `${was.type} → ${is.type}` : shown.type;
    return line([
      element('span', { class: 'mono nw' }, shown.name, how ? element('span', { class: `chip ${STYLES[how]} sq gap` }, how) : null),
      element('span', { class: 'mono muted' }, type), size, valueOf(how, is, was),
    ], [2], how === 'gone' ? 'gone' : null);
  });
  return element('div', { class: 'variables' }, table(['Name', 'Type', 'Size', 'Value'], rows, [2]));
}

const sizeOf = (/** @type {Variable} */ variable) => (variable.size === null || variable.size === undefined ? '' : whole(variable.size));

/** @param {string} how @param {Variable | null} is @param {Variable | null} was */
function valueOf(how, is, was) {
  const text = (/** @type {Variable} */ variable, /** @type {string} */ style = '') =>
    element('span', { class: `mono preview ${style}`, title: variable.preview }, variable.preview);
  if (how !== 'changed' || !is || !was || is.preview === was.preview) return text(/** @type {Variable} */ (is ?? was));
  return element('span', { class: 'was-is' }, text(was, 'was'), element('span', { class: 'muted', 'aria-label': 'became' }, '→'), text(is));
}

/** @param {Change[]} found */
const asText = found => found.map(({ how, is, was }) => {
  const shown = /** @type {Variable} */ (is ?? was);
  return [shown.name, how, shown.type, shown.size ?? '', shown.preview].join('\t');
}).join('\n');
