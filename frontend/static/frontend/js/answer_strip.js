// @ts-check
// The coverage strip over the page Answer: what is selected in it is read in the pane beside the answer, and a source
// that lights up shows where it stands.
import { onLit } from './citing.js';
import { markCurrent, scrollToMark, showPane, showSpan, sources } from './pane.js';
import { documentAt, fetchData, place } from './place.js';
import { wireStrip } from './strip.js';
import { share, whole } from './format.js';
import { $, $$ } from './ui.js';

/** @typedef {import('./coverage.js').Strip} Strip @typedef {import('./coverage.js').Span} Span */

/** @type {import('./brush.js').Brush | null} */
let strip = null;

/** @param {Strip} document @param {Span} span */
function read({ id, name, chars }, { start, end }) {
  if (!$('#pane') || !place.documents) return;
  markCurrent(0);
  $('#pane').dataset.shows = 'selection';
  showPane(name, 'selected in the strip', `Characters ${whole(start)}–${whole(end)}`, documentAt(id, start, end));
  showSpan({ document: id, chars, start, end }).then(scrollToMark);
}

/** Wires the strip of the page as it stands now. */
export function openStrip() {
  const canvas = $('#strip');
  strip = canvas && wireStrip({
    canvas, box: $('#strip-range'), scale: $('#strip-scale'), strips: JSON.parse($('#strips').textContent).documents, read,
  });
}

onLit(numbers => {
  if (!strip) return;
  const all = sources();
  strip.lit = numbers.map(number => all[number - 1]).filter(Boolean);
  strip.draw();
});

addEventListener('step-ended', async () => {
  const told = await fetchData('strips').catch(() => null);
  if (!told || !strip) return;
  strip.update(told.documents);
  for (const number of $$('#strip-t ~ .cov-key [data-level]')) number.textContent = share(told.totals[number.dataset.level], told.chars);
});
