// @ts-check
// Coverage strips on a canvas: one column for each pixel, where the highest level wins. Height repeats what colour says.
import { count } from './format.js';
import { documentAt } from './place.js';
import { follow } from './socket.js';
import { $, $$, esc, fit, onTheme, palette, tip } from './ui.js';

/**
 * @typedef {{ id: string, name: string, chars: number, intervals: [number, number, number][] }} Strip  [start, end, level]
 * @typedef {{ document: string, start: number, end: number }} Picked
 */

const TOKENS = ['cov-none', 'cov-scan', 'cov-print', 'cov-sent', 'cov-cite'];
const SAYS = ['not touched', 'scanned by code', 'printed to the model', 'sent to a model', 'cited'];
const TALL = [0.1, 0.26, 0.5, 0.72, 1];
const NARROWEST = 3;

/** Where each document begins when all stand in a row, and how long the row is. @param {Strip[]} strips */
function inARow(strips) {
  let all = 0;
  const begins = strips.map(strip => {
    const at = all;
    all += strip.chars;
    return at;
  });
  return { begins, all: Math.max(1, all) };
}

/** The level of each pixel; what is printed or cited is at least a few pixels wide. @param {Strip[]} strips @param {number} width */
export function levels(strips, width) {
  const { begins, all } = inARow(strips);
  const found = new Uint8Array(width);
  const at = (/** @type {number} */ place) => Math.max(0, Math.min(width - 1, Math.floor(place / all * width)));
  strips.forEach((strip, index) => {
    for (const [start, end, level] of strip.intervals) {
      const from = at(begins[index] + start);
      const to = Math.max(at(begins[index] + end - 1), level === 2 || level === 4 ? Math.min(width - 1, from + NARROWEST - 1) : from);
      for (let x = from; x <= to; x += 1) found[x] = Math.max(found[x], level);
    }
  });
  return found;
}

/**
 * @param {HTMLCanvasElement} canvas @param {Strip[]} strips @param {{ height?: number, picked?: Picked[] }} [look]
 * picked: what the selected node read, marked below the strip
 */
export function drawCoverage(canvas, strips, { height = 40, picked = [] } = {}) {
  const width = Math.floor(canvas.clientWidth);
  if (!width) return;
  const g = fit(canvas, width, height);
  canvas.style.width = '100%';
  const colors = palette([...TOKENS, 'accent', 'surface']);
  const at = levels(strips, width);
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
  g.fillStyle = colors.surface;
  for (const begin of begins.slice(1)) g.fillRect(Math.floor(begin / all * width) - 1, 0, 2, height);
  g.fillStyle = colors.accent;
  for (const { document, start, end } of picked) {
    const index = strips.findIndex(strip => strip.id === document);
    if (index < 0) continue;
    const from = (begins[index] + start) / all * width;
    g.fillRect(from, height - 3, Math.max(2, (end - start) / all * width), 3);
  }
  listen(canvas, strips, at);
}

/** Tells what lies under the pointer; a click opens the document there. @param {HTMLCanvasElement} canvas @param {Strip[]} strips @param {Uint8Array} at */
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

/** The page of a run's coverage. */
function page() {
  const data = JSON.parse($('#strips').textContent);
  const draw = () => {
    for (const canvas of $$('canvas[data-cov]')) drawCoverage(canvas, [data.documents[Number(canvas.dataset.cov)]]);
  };
  draw();
  addEventListener('resize', draw);
  onTheme(draw);
  const main = $('#main');
  if ('live' in main.dataset) {
    follow({ after: Number(main.dataset.seq), events: () => {}, end: () => location.reload() });
  }
}

if (typeof document !== 'undefined' && $('#strips')) page();
