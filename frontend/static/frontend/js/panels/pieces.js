// @ts-check
// What the tabs of the detail pane are built from. Text of models and documents gets in as text nodes only; long texts
// come in windows.
import { whole } from '../format.js';
import { copy, element, iconElement } from '../ui.js';

/** @typedef {import('../detail.js').Subject} Subject */
/** @typedef {(Element | null)[]} Shown */

const WINDOW = 20_000;

/** @param {string} title @param {string} [aside] @param {...(Element | null)} more */
export const heading = (title, aside = '', ...more) =>
  element('h3', {}, title, aside ? element('span', { class: 'muted aside' }, aside) : null, ...more);

/** @param {string} text @param {string} said */
export const copyButton = (text, said) => element('button', {
  class: 'btn ghost icon sm', type: 'button', 'aria-label': said, title: said, onclick: () => copy(text, 'Copied.'),
}, iconElement('copy'));

/** @param {string} style @param {string} sign @param {string} text */
export const note = (style, sign, text) => element('div', { class: `note ${style}` }, iconElement(sign), element('span', {}, text));

/** @param {string} sign @param {string} title @param {string} text */
export const nothing = (sign, title, text) =>
  element('div', { class: 'state' }, iconElement(sign), element('h3', {}, title), element('p', {}, text));

/**
 * A text of any length: its beginning, and a button for the next piece.
 * @param {string} text @param {string | null} [name] of a text of the node, where it is one: it can be commented on then
 */
export function longText(text, name = null) {
  const shown = element('pre', { class: 'code plain', tabindex: 0, 'data-text': name });
  const holder = element('div', { class: 'longtext' }, shown);
  let at = 0;
  const more = () => {
    shown.append(text.slice(at, at + WINDOW));
    at = Math.min(text.length, at + WINDOW);
    button.hidden = at >= text.length;
    button.textContent = `Show more (${whole(at)} of ${whole(text.length)} characters)`;
    holder.dispatchEvent(new Event('more', { bubbles: true }));
  };
  const button = element('button', { class: 'btn sm', type: 'button', onclick: more });
  holder.append(button);
  more();
  return holder;
}

/** @param {string[]} head @param {Element[]} body @param {number[]} [numbers] columns that stand right */
export const table = (head, body, numbers = []) => element('table', {},
  element('thead', {}, element('tr', {}, ...head.map((word, index) => element('th', { class: numbers.includes(index) ? 'num' : null }, word)))),
  element('tbody', {}, ...body));

/** @param {(string | Element)[]} cells @param {number[]} [numbers] */
export const line = (cells, numbers = []) =>
  element('tr', {}, ...cells.map((cell, index) => element('td', { class: numbers.includes(index) ? 'num' : null }, cell)));

/** @param {Subject} subject @param {string} id @param {string} text */
export const nodeLink = (subject, id, text) => element('a', {
  href: `?node=${id}`,
  onclick: (/** @type {Event} */ event) => { event.preventDefault(); subject.select(id); },
}, text);

/** A term and its value of a list of pairs. @param {string} term @param {string} value */
export const pair = (term, value) => [element('dt', {}, term), element('dd', {}, value)];
