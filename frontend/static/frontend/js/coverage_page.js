// @ts-check
// The page of a run's coverage: a strip for each document that can be brushed, with the text of what was selected.
import { lines, wholeLines } from './lines.js';
import { documentText, place } from './place.js';
import { follow } from './socket.js';
import { wireStrip } from './strip.js';
import { $, $$, ApiError, failure } from './ui.js';

/** @typedef {import('./coverage.js').Strip} Strip @typedef {import('./coverage.js').Span} Span */

const AROUND = 400;
const LONGEST = 8_000;

/** Shows the text of a span, marked, with a little around it. @param {HTMLElement} box @param {Strip} strip @param {Span} span */
async function read(box, strip, { start, end }) {
  if (!place.documents) return;
  const mine = box.dataset.turn = String(Number(box.dataset.turn ?? 0) + 1);
  const last = Math.min(end, start + LONGEST);
  box.hidden = false;
  try {
    const text = await documentText(strip.id, Math.max(0, start - AROUND), Math.min(strip.chars, last + AROUND));
    if (box.dataset.turn !== mine) return;
    const piece = wholeLines(text, strip.chars, [start, last]);
    box.replaceChildren(...lines(piece.text, piece.start, [start, last]));
    const mark = $('mark', box);
    if (mark) box.scrollTop += mark.getBoundingClientRect().top - box.getBoundingClientRect().top - box.clientHeight / 4;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (box.dataset.turn === mine) box.replaceChildren(failure('This text could not be loaded', error, () => read(box, strip, { document: strip.id, start, end })));
  }
}

/** Wires the strips of the page, and follows a run that goes on. */
export function openCoverage() {
  const data = JSON.parse($('#strips').textContent);
  for (const canvas of $$('canvas[data-cov]')) {
    const card = canvas.closest('.cov-card');
    const text = $('.cov-text', card);
    wireStrip({
      canvas, box: $('.cov-range', card), scale: $('.cov-scale', card), strips: [data.documents[Number(canvas.dataset.cov)]],
      read: (strip, span) => read(text, strip, span), close: () => { text.hidden = true; },
    });
  }
  const main = $('#main');
  if ('live' in main.dataset) follow({ after: Number(main.dataset.seq), events: () => {}, end: () => location.reload() });
}

if (!place.isFile) openCoverage();
