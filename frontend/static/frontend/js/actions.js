// @ts-check
// The one table of what can be done on a page. Keys, the palette and the help are made from it: a page registers its
// actions, and whatever is in the table has its key, can be found by its words, and stands in the help.
import { $, $$, element } from './ui.js';

/**
 * @typedef {{
 *   id: string, words: string, group: string, keys?: string[], shown?: string, icon?: string,
 *   when?: (event?: KeyboardEvent) => boolean, run: (event?: KeyboardEvent) => void,
 *   inFields?: boolean, listed?: boolean,
 * }} Action
 * words: what the palette and the help say · group: heading in the help · keys: `j`, `G`, `g g` (one after the other),
 * `Ctrl k`, `Escape`; the first is the one told, unless `shown` says it in a shorter way · when: whether it can be done
 * now (always, where left out) · inFields: also while a text is being typed · listed: false keeps it out of the palette
 */

const NEXT_KEY_WITHIN = 800;
const STORED = 'single-keys';
const FIELDS = 'input:not([type=checkbox], [type=radio]), textarea, select, dialog[open], [contenteditable]';

/** @type {Map<string, Action>} */
const table = new Map();
/** @type {Map<string, Action[]>} those of one key: the first that can be done now is done */
let byKey = new Map();
let before = { key: '', at: 0 };
let pending = false;

/** Puts actions into the table; one with an id that is there already takes its place. @param {Action[]} actions */
export function register(actions) {
  for (const action of actions) table.set(action.id, action);
  byKey = new Map();
  for (const action of table.values()) {
    for (const key of action.keys ?? []) byKey.set(key, [...byKey.get(key) ?? [], action]);
  }
  if (pending) return;
  pending = true;
  queueMicrotask(tellHelp);
}

/** What can be done now, in the order of registering. @returns {Action[]} */
export const possible = () => [...table.values()].filter(action => action.listed !== false && (action.when?.() ?? true));

/** An action that presses a button or follows a link of the page, where there is one. @param {string} selector @returns {{ when: () => boolean, run: () => void }} */
export const press = selector => ({
  when: () => $$(selector).some(isThere),
  run: () => {
    const found = $$(selector).find(isThere);
    found?.focus({ preventScroll: true });
    found?.click();
  },
});

/** @param {HTMLElement & { disabled?: boolean }} found */
const isThere = found => !found.disabled && found.checkVisibility();

// ---------------------------------------------------------------------------------------------- keys

/** @param {KeyboardEvent} event */
function nameOf(event) {
  const other = event.getModifierState('AltGraph'); // on many keyboards `[` is typed with it, and counts as Ctrl and Alt
  if (event.altKey && !other) return '';
  const key = event.key === ' ' ? 'Space' : event.key;
  return (event.ctrlKey && !other) || event.metaKey ? `Ctrl ${key.toLowerCase()}` : key;
}

/** @param {KeyboardEvent} event */
function pressed(event) {
  if (event.defaultPrevented || event.isComposing) return;
  const name = nameOf(event);
  const pair = event.timeStamp - before.at < NEXT_KEY_WITHIN ? `${before.key} ${name}` : '';
  const field = Boolean(/** @type {Element} */ (event.target).closest(FIELDS));
  const can = (/** @type {Action} */ action) => (action.inFields || !field) && (keysAreOn() || !isSingle(name)) && (action.when?.(event) ?? true);
  const action = [...byKey.get(pair) ?? [], ...byKey.get(name) ?? []].find(can);
  if (!field && !isModifier(name)) before = { key: action ? '' : name, at: event.timeStamp };
  if (!action) return;
  event.preventDefault();
  action.run(event);
}

/** @param {string} name */
const isModifier = name => /^(Ctrl )?(shift|control|alt|meta)$/i.test(name);

/** @param {string} name */
const isSingle = name => [...name].length === 1 && name !== '?';

/** Single keys can be switched off in the help: who speaks to the machine presses them by accident. */
const keysAreOn = () => localStorage.getItem(STORED) !== 'off';

addEventListener('keydown', pressed);

// ---------------------------------------------------------------------------------------------- help

const WRITTEN = /** @type {Record<string, string>} */ ({ Escape: 'Esc', 'Ctrl k': 'Ctrl K', Enter: '↵' });

/** How the key of an action is written; '' where it has none. @param {Action} action */
export const keyWords = action => action.shown ?? (action.keys ? WRITTEN[action.keys[0]] ?? action.keys[0] : '');

/** Writes the help from the table. */
function tellHelp() {
  pending = false;
  const place = $('#keys-list');
  if (!place) return;
  /** @type {Map<string, Action[]>} */
  const groups = new Map();
  for (const action of table.values()) {
    if (keyWords(action)) groups.set(action.group, [...groups.get(action.group) ?? [], action]);
  }
  place.replaceChildren(...[...groups].map(([group, actions]) => element('table', {}, element('caption', {}, group),
    element('tbody', {}, ...actions.map(action => element('tr', {},
      element('td', {}, element('kbd', {}, keyWords(action))), element('td', {}, action.words)))))));
  const on = $('#keys-on');
  on.checked = keysAreOn();
  on.onchange = () => localStorage.setItem(STORED, on.checked ? 'on' : 'off');
}
