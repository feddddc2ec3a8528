// @ts-check
// The page of a run: sources beside the answer, and while it runs what happens now. When it has ended the page's
// middle is fetched again, so that a run seen live and one opened later are shown by the same template.

import { press, register } from './actions.js';
import { commentOnAnswer, mountNotes } from './answer_notes.js';
import { openStrip } from './answer_strip.js';
import { keepMarks, toggleMarks } from './citing.js';
import { watchLive } from './live.js';
import { show as showMarked } from './marks.js';
import { showSource, stepSource, sourceNumber } from './pane.js';
import { $, copy } from './ui.js';

const ANSWER = 'Answer';

/** Puts the server's present page in place of this one, without reloading. */
export async function refresh() {
  const answer = await fetch(location.href, { headers: { Accept: 'text/html' } });
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  for (const id of ['#run-head', '#main']) {
    const fresh = page.querySelector(id);
    if (!fresh) return location.reload();
    $(id).replaceWith(document.adoptNode(fresh));
  }
  document.title = page.title;
  arrange();
  return undefined;
}

/** Brings the page as the server made it to where its reader left it: the source shown, the marks. */
function arrange() {
  keepMarks();
  mountNotes();
  showMarked();
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

const withSources = () => Boolean($('#source-data'));

register([
  { id: 'source.previous', words: 'Previous / next source', shown: '[ / ]', group: ANSWER, keys: ['['], listed: false, when: withSources, run: () => stepSource(-1) },
  { id: 'source.next', words: 'Next source', shown: '', group: ANSWER, keys: [']'], listed: false, when: withSources, run: () => stepSource(1) },
  { id: 'source.open', words: 'Open the document at the source', group: ANSWER, keys: ['o'], icon: 'doc', ...press('#pane-open') },
  { id: 'source.marks', words: 'Mark sentences without a source, or not', group: ANSWER, keys: ['m'], icon: 'warn', when: withSources, run: () => toggleMarks() },
  { id: 'answer.right', words: 'Mark the answer as right', group: ANSWER, icon: 'thumb-up', ...press('#answer-thumbs [data-thumb=up]') },
  { id: 'answer.wrong', words: 'Mark the answer as wrong', group: ANSWER, icon: 'thumb-down', ...press('#answer-thumbs [data-thumb=down]') },
  { id: 'answer.comment', words: 'Comment on the selected words, or on the answer', group: ANSWER, keys: ['C'], icon: 'note', when: () => Boolean($('#answer-notes')), run: () => commentOnAnswer() },
  { id: 'answer.copy', words: 'Copy the answer', group: ANSWER, icon: 'copy', ...press('#copy-answer') },
]);

const main = $('#main');
arrange();
if (main.dataset.live !== undefined) watchLive(Number(main.dataset.now), refresh);
