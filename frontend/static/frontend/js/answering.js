// @ts-check
// The page Answer in hand, whatever it is looked at from: citations, the passages beside them, marks, the strip.

import { press, register } from './actions.js';
import { openStrip } from './answer_strip.js';
import { keepMarks, toggleMarks } from './citing.js';
import { showSource, sourceNumber, stepSource } from './pane.js';
import { $, copy } from './ui.js';

/** The group of its actions. */
export const ANSWER = 'Answer';

/** Brings the page as it was made to where its reader left it: the source shown, the marks. */
export function arrange() {
  keepMarks();
  openStrip();
  if ($('#source-data')) showSource(sourceNumber(), { quiet: true });
}

document.addEventListener('click', event => {
  const target = /** @type {Element} */ (event.target);
  const cite = /** @type {HTMLElement | null} */ (target.closest('[data-cite]'));
  if (cite && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    showSource(Number(cite.dataset.cite));
  }
  const step = /** @type {HTMLElement | null} */ (target.closest('[data-source-step]'));
  if (step) stepSource(Number(step.dataset.sourceStep));
  if (target.closest('#copy-answer')) copy(JSON.parse($('#answer-text').textContent), 'Answer copied.');
});

const withSources = () => Boolean($('#source-data') && $('#answer')?.checkVisibility());

register([
  { id: 'source.previous', words: 'Previous / next source', shown: '[ / ]', group: ANSWER, keys: ['['], listed: false, when: withSources, run: () => stepSource(-1) },
  { id: 'source.next', words: 'Next source', shown: '', group: ANSWER, keys: [']'], listed: false, when: withSources, run: () => stepSource(1) },
  { id: 'source.open', words: 'Open the document at the source', group: ANSWER, keys: ['o'], icon: 'doc', ...press('#pane-open') },
  { id: 'source.marks', words: 'Mark sentences without a source, or not', group: ANSWER, keys: ['m'], icon: 'warn', when: withSources, run: () => toggleMarks() },
  { id: 'answer.copy', words: 'Copy the answer', group: ANSWER, icon: 'copy', ...press('#copy-answer') },
]);
