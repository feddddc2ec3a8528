// @ts-check
// What the tabs of the detail pane are built from. Text of models and documents gets in as text nodes only.
import { whole } from '../format.js';
import { NodeText } from '../texts.js';
import { copy, element, iconElement, toast } from '../ui.js';

/** @typedef {import('../detail.js').Subject} Subject */
/** @typedef {(Element | null)[]} Shown */
/** @typedef {string | NodeText | (() => string | Promise<string>)} Copied  what a copy button takes when it is pressed */

/** @param {string} title @param {string} [aside] @param {...(Element | null)} more */
export const heading = (title, aside = '', ...more) =>
  element('h3', {}, title, aside ? element('span', { class: 'muted aside' }, aside) : null, ...more);

/** @param {Copied} from @param {string} said */
export const copyButton = (from, said) => element('button', {
  class: 'btn ghost icon sm', type: 'button', 'aria-label': said, title: said, onclick: () => copyFrom(from),
}, iconElement('copy'));

/** @param {Copied} from */
async function copyFrom(from) {
  try {
    await copy(from instanceof NodeText ? await from.whole() : typeof from === 'function' ? await from() : from, 'Copied.');
  } catch (error) {
    toast(/** @type {Error} */ (error).message);
  }
}

/** @param {string} style @param {string} sign @param {string} text @param {...(Element | null)} more */
export const note = (style, sign, text, ...more) =>
  element('div', { class: `note ${style}` }, iconElement(sign), element('span', {}, text, ...more));

/** @param {string} sign @param {string} title @param {string} text */
export const nothing = (sign, title, text) =>
  element('div', { class: 'state' }, iconElement(sign), element('h3', {}, title), element('p', {}, text));

/** @param {string} text */
export const muted = text => element('p', { class: 'muted small' }, text);

/** A short text. @param {string} text */
export const plainText = text => element('div', { class: 'longtext' }, element('pre', { class: 'code plain', tabindex: 0 }, text));

/** @param {string[]} head @param {Element[]} body @param {number[]} [numbers] columns that stand right */
export const table = (head, body, numbers = []) => element('table', {},
  element('thead', {}, element('tr', {}, ...head.map((word, index) => element('th', { class: numbers.includes(index) ? 'num' : null }, word)))),
  element('tbody', {}, ...body));

/** @param {(string | Element | null)[]} cells @param {number[]} [numbers] @param {string | null} [style] */
export const line = (cells, numbers = [], style = null) =>
  element('tr', { class: style }, ...cells.map((cell, index) => element('td', { class: numbers.includes(index) ? 'num' : null }, cell)));

/** @param {Subject} subject @param {string} id `12` or `b12` @param {string} text */
export const nodeLink = (subject, id, text) => element('a', {
  href: id.startsWith('b') ? `?batch=${id.slice(1)}` : `?node=${id}`,
  onclick: (/** @type {Event} */ event) => { event.preventDefault(); subject.select(id); },
}, text);

/** A term and its value of a list of pairs. @param {string} term @param {string} value */
export const pair = (term, value) => [element('dt', {}, term), element('dd', {}, value)];

/** @param {number} count @param {string} noun */
export const many = (count, noun) => `${whole(count)} ${noun}${count === 1 ? '' : 's'}`;
