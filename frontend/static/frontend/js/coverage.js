// @ts-check
// Coverage strips on a canvas: one column for each pixel, where the highest level wins. Height repeats what colour says.
import { count } from './format.js';
import { documentAt } from './place.js';
import { esc, fit, palette, tip } from './ui.js';

/**
 * @typedef {{ id: string, name: string, chars: number, intervals: [number, number, number][] }} Strip  [start, end, level]
 * @typedef {{ document: string, start: number, end: number }} Span
 * @typedef {{ from: number, to: number }} View  a stretch of the row in which all documents stand one after the other
 */

export const LEVELS = ['untouched', 'scanned', 'printed', 'sent', 'cited'];
export const SAYS = ['not touched', 'scanned by code', 'printed to the model', 'sent to a model', 'cited'];
const TOKENS = ['cov-none', 'cov-scan', 'cov-print', 'cov-sent', 'cov-cite'];
const TALL = [0.1, 0.26, 0.5, 0.72, 1];
/** Pixels of what is printed or cited, however short it is. */
export const NARROWEST = 3;

/** Where each document begins when all stand in a row, and how long the row is. @param {Strip[]} strips */
export function inARow(strips) {
  let all = 0;
  const begins = strips.map(strip => {
    const at = all;
    all += strip.chars;
    return at;
  });
  return { begins, all: Math.max(1, all) };
}

/**
 * The level of each pixel; what is printed or cited is at least a few pixels wide.
 * @param {Strip[]} strips @param {number} width @param {View} [view]
 */
export function levels(strips, width, view) {
  const { begins, all } = inARow(strips);
  const { from, to } = view ?? { from: 0, to: all };
  const found = new Uint8Array(width);
  const at = (/** @type {number} */ place) => Math.floor((place - from) / (to - from) * width);
  strips.forEach((strip, index) => {
    for (const [start, end, level] of strip.intervals) {
      const first = at(begins[index] + start);
      const wide = level === 2 || level === 4 ? NARROWEST - 1 : 0;
      const last = Math.min(width - 1, Math.max(at(begins[index] + end - 1), first + wide));
      for (let x = Math.max(0, first); x <= last; x += 1) found[x] = Math.max(found[x], level);
    }
  });
  return found;
}

/** Characters of a stretch at each level. @param {Strip} strip @param {number} start @param {number} end @returns {Record<string, number>} */
export function totals(strip, start, end) {
  const found = LEVELS.map(() => 0);
  for (const [first, last, level] of strip.intervals) found[level] += Math.max(0, Math.min(end, last) - Math.max(start, first));
  found[0] = end - start - found.reduce((sum, chars) => sum + chars, 0);
  return Object.fromEntries(LEVELS.map((name, level) => [name, found[level]]));
}

/**
 * @param {HTMLCanvasElement} canvas @param {Strip[]} strips
 * @param {{ height?: number, picked?: Span[], view?: View }} [look] picked: spans marked below the strip
 * @returns {Uint8Array} the level of each pixel
 */
export function paintCoverage(canvas, strips, { height = 40, picked = [], view } = {}) {
  const width = Math.floor(canvas.clientWidth);
  if (!width) return new Uint8Array(0);
  const g = fit(canvas, width, height);
  canvas.style.width = '100%';
  const colors = palette([...TOKENS, 'accent', 'surface']);
  const at = levels(strips, width, view);
  const tallest = height - (picked.length ? 5 : 0);
  for (let x = 0; x < width;) {
    let end = x;
    while (end < width && at[end] === at[x]) end += 1;
    for (const level of at[x] > 1 ? [0, 1, at[x]] : at[x] ? [0, 1] : [0]) {
      const tall = Math.max(3, tallest * TALL[level]);
      g.fillStyle = colors[TOKENS[level]];
      g.fillRect(x, tallest - tall, end - x, tall);
    }
    x = end;
  }
  const { begins, all } = inARow(strips);
  const { from, to } = view ?? { from: 0, to: all };
  const place = (/** @type {number} */ position) => (position - from) / (to - from) * width;
  g.fillStyle = colors.surface;
  for (const begin of begins.slice(1)) g.fillRect(Math.floor(place(begin)) - 1, 0, 2, height);
  g.fillStyle = colors.accent;
  for (const { document, start, end } of picked) {
    const index = strips.findIndex(strip => strip.id === document);
    if (index < 0) continue;
    const left = place(begins[index] + start);
    g.fillRect(left, height - 3, Math.max(2, place(begins[index] + end) - left), 3);
  }
  return at;
}

/** A strip that only shows: it tells what lies under the pointer, and a click opens the document there.
 * @param {HTMLCanvasElement} canvas @param {Strip[]} strips @param {{ height?: number, picked?: Span[] }} [look] */
export function drawCoverage(canvas, strips, look = {}) {
  const at = paintCoverage(canvas, strips, look);
  if (at.length) listen(canvas, strips, at);
}

/** @param {HTMLCanvasElement} canvas @param {Strip[]} strips @param {Uint8Array} at */
function listen(canvas, strips, at) {
  const { begins, all } = inARow(strips);
  const place = (/** @type {MouseEvent} */ event) => {
    const position = event.offsetX / canvas.clientWidth * all;
    const index = Math.max(0, begins.findLastIndex(begin => begin <= position));
    return { strip: strips[index], offset: Math.floor(position - begins[index]) };
  };
  canvas.onmousemove = event => {
    const { strip, offset } = place(event);
    const level = at[Math.floor(event.offsetX)] ?? 0;
    if (strip) tip(`<b>${esc(strip.name)}</b><br>near character ${count(offset)}<br>${SAYS[level]}`, event.clientX, event.clientY);
  };
  canvas.onmouseleave = () => tip(null);
  canvas.onclick = event => {
    const { strip, offset } = place(event);
    const hit = strip?.intervals.find(([start, end]) => start <= offset && offset < end);
    const address = strip && documentAt(strip.id, hit?.[0] ?? offset, hit?.[1] ?? offset + 1);
    if (address) location.href = address;
  };
}
