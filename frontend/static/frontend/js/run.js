// @ts-check
// The page of a run: sources beside the answer, and while it runs what happens now. When it has ended the page's
// middle is fetched again, so that a run seen live and one opened later are shown by the same template.

import './follow_up.js';
import { press, register } from './actions.js';
import { commentOnAnswer, mountNotes } from './answer_notes.js';
import { ANSWER, arrange } from './answering.js';
import { watchLive } from './live.js';
import { show as showMarked } from './marks.js';
import { putHead } from './run_head.js';
import { $ } from './ui.js';

/** Puts the server's present page in place of this one, without reloading. */
export async function refresh() {
  const answer = await fetch(location.href, { headers: { Accept: 'text/html' } });
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  const [head, main] = ['#run-head', '#main'].map(id => page.querySelector(id));
  if (!head || !main) return location.reload();
  putHead(head);
  $('#main').replaceWith(document.adoptNode(main));
  document.title = page.title;
  open();
  return undefined;
}

/** As the server made it, to where its reader left it, with what its owner noted. */
function open() {
  arrange();
  mountNotes();
  showMarked();
}

register([
  { id: 'answer.right', words: 'Mark the answer as right', group: ANSWER, icon: 'thumb-up', ...press('#answer-thumbs [data-thumb=up]') },
  { id: 'answer.wrong', words: 'Mark the answer as wrong', group: ANSWER, icon: 'thumb-down', ...press('#answer-thumbs [data-thumb=down]') },
  { id: 'answer.comment', words: 'Comment on the selected words, or on the answer', group: ANSWER, keys: ['C'], icon: 'note', when: () => Boolean($('#answer-notes')), run: () => commentOnAnswer() },
]);

const main = $('#main');
open();
if (main.dataset.live !== undefined) watchLive(Number(main.dataset.now), refresh);
