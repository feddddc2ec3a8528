// @ts-check
// Notes on a run's answer: thumbs and comments on the whole, and comments on selected words of it.
import { align } from './alignment.js';
import { loadAnnotations } from './annotations.js';
import { Notes } from './notes.js';
import { isBetween, textNodes } from './spans.js';
import { $, ApiError, toast } from './ui.js';

const MOST_ALIGNED = 200_000;

/** @type {Notes | null} */
let notes = null;

/** Puts the notes into the page as the server made it, in place of its plain forms. */
export function mountNotes() {
  const box = $('#answer-notes');
  if (!box) return;
  const fresh = notes === null;
  notes ??= new Notes({ labelled: true });
  $('#answer-thumbs').replaceChildren(notes.tools);
  box.replaceChildren(notes.box);
  notes.turn(null);
  const text = JSON.parse($('#answer-text').textContent);
  const holder = $('#answer');
  notes.show([{ name: 'answer', text, holder, pieces: () => piecesOfAnswer(holder, text) }]);
  if (fresh) load();
}

/** Comments on the selected words, or on the answer. */
export const commentOnAnswer = () => notes?.comment();

async function load() {
  try {
    await loadAnnotations();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    toast(`The notes on this answer could not be loaded. ${error.message}`);
    addEventListener('reachable', () => load(), { once: true });
  }
}

/** @param {HTMLElement} holder @param {string} text @returns {import('./spans.js').Piece[]} */
function piecesOfAnswer(holder, text) {
  if (text.length > MOST_ALIGNED) return [];
  const nodes = textNodes(holder).filter(node => !node.parentElement?.closest('.cite, .note-sign') && !isBetween(node));
  return align(text, nodes.map(node => node.data)).map(({ index, at, from, length }) => ({ node: nodes[index], at, from, length }));
}
