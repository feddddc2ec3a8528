// @ts-check
// The document beside the answer: the text around a source, marked, with links to the next one and to the document.

import { lines, wholeLines } from './lines.js';
import { documentText } from './place.js';
import { $, $$, ApiError, failure, iconElement } from './ui.js';
import { whole } from './format.js';

const AROUND = 1_500;
const LONGEST = 20_000;
const CHECKS = /** @type {Record<string, [string, string, string]>} */ ({
  checked: ['checked', 'check', 'checked'],
  changed: ['unchecked', 'warn', 'The document says something else there now'],
  gone: ['unchecked', 'warn', 'The document can no longer be read'],
});

let shown = 1;
let asked = 0;

/** @typedef {{ document: string, name: string, chars: number, start: number, end: number, address: string, check: string }} Source */

/** @returns {Source[]} */
export const sources = () => JSON.parse($('#source-data')?.textContent ?? '[]');

/** The source the address asks for, else the first. */
export const sourceNumber = () => Number(new URLSearchParams(location.search).get('source')) || 1;

/** @param {number} step */
export function stepSource(step) {
  const all = sources().length;
  if (all) showSource((shown - 1 + step + all) % all + 1);
}

/** @param {number} number from 1 @param {{ quiet?: boolean }} [how] quiet: the page was made with it already */
export async function showSource(number, { quiet = false } = {}) {
  const all = sources();
  const source = all[number - 1];
  if (!source) return undefined;
  shown = number;
  markCurrent(number);
  if (!$('#pane')) return quiet ? undefined : $(`#source-${number}`)?.scrollIntoView({ block: 'center' });
  if (quiet) return scrollToMark();
  const address = new URL(location.href);
  address.searchParams.set('source', String(number));
  history.replaceState(null, '', address);
  showPane(source.name, `source ${number} of ${all.length}`, `Characters ${whole(source.start)}–${whole(source.end)}`, source.address);
  tellCheck(source.check);
  $('#pane').dataset.shows = 'source';
  await showSpan(source);
  scrollToMark();
  if (matchMedia('(max-width: 900px)').matches) $('#pane').scrollIntoView({ block: 'start' });
  return undefined;
}

/** Marks the citations and the passage of the source that is shown; 0: of none. @param {number} number */
export function markCurrent(number) {
  for (const cite of $$('[data-cite]')) {
    if (Number(cite.dataset.cite) === number) cite.setAttribute('aria-current', 'true');
    else cite.removeAttribute('aria-current');
  }
  for (const passage of $$('[data-source]')) passage.classList.toggle('open', Number(passage.dataset.source) === number);
}

/** What stands around the text. @param {string} name @param {string} place @param {string} span @param {string} address '' where the document cannot be opened */
export function showPane(name, place, span, address) {
  $('#pane').hidden = false;
  $('#pane-t').textContent = name;
  $('#pane-o').textContent = place;
  $('#pane-span').textContent = span;
  $('#pane-p').hidden = false;
  $('#pane-check').replaceChildren();
  $('#pane-open').hidden = !address;
  $('#pane-open').href = address;
}

/** @param {string} check */
function tellCheck(check) {
  const [style, sign, words] = CHECKS[check] ?? CHECKS.gone;
  const told = document.createElement('span');
  told.className = style;
  told.append(iconElement(sign), words);
  $('#pane-check').replaceChildren(told);
}

/** Fills the pane with the text around a span. @param {{ document: string, chars: number, start: number, end: number }} span */
export async function showSpan({ document, chars, start, end }) {
  const mine = ++asked;
  const last = Math.min(end, start + LONGEST);
  const pane = $('#pane-text');
  try {
    const from = Math.max(0, start - AROUND);
    const text = await documentText(document, from, Math.min(chars, last + AROUND));
    if (mine !== asked) return;
    const piece = wholeLines(text, chars, [start, last]);
    pane.replaceChildren(...lines(piece.text, piece.start, [start, last]));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (mine === asked) pane.replaceChildren(failure('This passage could not be loaded', error, () => showSpan({ document, chars, start, end }).then(scrollToMark)));
  }
}

export function scrollToMark() {
  const pane = $('#pane-text');
  const mark = $('mark', pane);
  if (!mark) return;
  const offset = mark.getBoundingClientRect().top - pane.getBoundingClientRect().top;
  pane.scrollTop += offset - pane.clientHeight / 3;
}
