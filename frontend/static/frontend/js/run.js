// @ts-check
// The page of a run: sources beside the answer, and while it runs what happens now. When it has ended the page's
// middle is fetched again, so that a run seen live and one opened later are shown by the same template.

import { keepMarks, toggleMarks } from './citing.js';
import { watchLive } from './live.js';
import { showSource, stepSource, sourceNumber } from './pane.js';
import { $, confirmDialog, copy, typing } from './ui.js';

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

document.addEventListener('submit', async event => {
  const form = /** @type {HTMLFormElement} */ (event.target);
  if (form.id !== 'delete-run') return;
  event.preventDefault();
  const words = { title: 'Delete this run?', text: 'Its answer, its trace and its costs go. The documents stay.', action: 'Delete' };
  if (await confirmDialog(words)) form.submit();
});

addEventListener('keydown', event => {
  if (typing(event) || !$('#source-data')) return;
  if (event.key === 'm') toggleMarks();
  else if (event.key === ']') stepSource(1);
  else if (event.key === '[') stepSource(-1);
  else if (event.key === 'o') $('#pane-open')?.click();
});

const main = $('#main');
if (main.dataset.live !== undefined) watchLive(Number(main.dataset.now), refresh);
else arrange();
