// @ts-check
// Text of a document as lines for the page. Offsets are characters (code points), as everywhere outside the browser;
// JavaScript counts UTF-16 units, so lengths go through `chars`.

import { element } from './ui.js';
import { whole } from './format.js';

const BEYOND = /[\ud800-\udbff][\udc00-\udfff]/;

/** Characters of a text. @param {string} text */
export function chars(text) {
  if (!BEYOND.test(text)) return text.length;
  let number = 0;
  for (const _sign of text) number += 1;
  return number;
}

/** Where character n of a text begins in UTF-16 units. @param {string} text @param {number} n */
export function unitAt(text, n) {
  if (n <= 0) return 0;
  if (!BEYOND.test(text)) return Math.min(n, text.length);
  let unit = 0;
  for (const sign of text) {
    if (n-- === 0) break;
    unit += sign.length;
  }
  return unit;
}

/**
 * One paragraph for each line, with the offset of its first character; `mark` is a span of the document.
 * @param {string} text @param {number} first offset of its first character @param {[number, number] | null} [mark]
 * @returns {HTMLElement[]}
 */
export function lines(text, first, mark = null) {
  const rows = text.split('\n');
  if (rows.length > 1 && rows.at(-1) === '') rows.pop();
  let start = first;
  return rows.map(row => {
    const paragraph = line(row, start, mark);
    start += chars(row) + 1;
    return paragraph;
  });
}

/** @param {string} row @param {number} start @param {[number, number] | null} mark */
function line(row, start, mark) {
  const from = mark ? unitAt(row, mark[0] - start) : 0;
  const to = mark ? unitAt(row, mark[1] - start) : 0;
  const parts = to > from ? [row.slice(0, from), element('mark', {}, row.slice(from, to)), row.slice(to)] : [row];
  return element('p', { 'data-start': start }, element('i', {}, whole(start)), element('span', {}, ...parts));
}

/**
 * Moves the ends of a window inwards to ends of lines, but never past `keep` (a span that must stay).
 * @param {{ start: number, end: number, text: string }} window @param {number} last characters of the document
 * @param {[number, number]} [keep]
 */
export function wholeLines({ start, end, text }, last, keep = [Math.floor((start + end) / 2), Math.floor((start + end) / 2)]) {
  if (start > 0) {
    const cut = text.indexOf('\n');
    if (cut >= 0 && start + chars(text.slice(0, cut + 1)) <= keep[0]) {
      start += chars(text.slice(0, cut + 1));
      text = text.slice(cut + 1);
    }
  }
  if (end < last) {
    const cut = text.lastIndexOf('\n');
    const rest = cut < 0 ? 0 : chars(text.slice(cut + 1));
    if (cut >= 0 && end - rest >= keep[1]) {
      end -= rest;
      text = text.slice(0, cut + 1);
    }
  }
  return { start, end, text };
}
