// @ts-check
// The head of every page of a run: Stop, and the line that ticks while it runs.

import { press, register } from './actions.js';
import { toggleMark } from './marks.js';
import { place } from './place.js';
import { $, ApiError, api, toast } from './ui.js';
import { clock, costWords, usd } from './format.js';

/**
 * “running · depth 2 · 14 in flight · $0.49 / $5.00 · 2:58”
 * @param {import('./state.js').State} state @param {number} elapsed seconds @param {number} inFlight
 */
export function tellHead(state, elapsed, inFlight) {
  const line = $('#live-line');
  if (!line) return;
  const { status, cost, policy } = state.run;
  const cap = policy?.limits?.cost_usd;
  const depth = Math.max(0, ...[...state.nodes.values()].filter(node => node.kind === 'rlm' && node.status === 'running').map(node => node.depth));
  const parts = [status, depth ? `depth ${depth}` : '', inFlight ? `${inFlight} in flight` : '', cap ? `${costWords(cost)} / ${usd(cap)}` : costWords(cost), clock(elapsed)];
  line.textContent = status !== 'running' ? status : parts.filter(Boolean).join(' · ');
}

document.addEventListener('click', async event => {
  const button = /** @type {any} */ (/** @type {Element} */ (event.target).closest('[data-stop]'));
  if (!button) return;
  button.disabled = true;
  try {
    await api('POST', `/runs/${button.dataset.stop}/cancel`);
    toast('Stopping. Calls in flight are being cancelled.');
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    button.disabled = false;
    toast(error.message);
  }
});

/**
 * Puts the head in as the server writes it now. A title or a tag that is being typed stays, and so does the focus.
 * @param {Element} fresh of another document
 */
export function putHead(fresh) {
  const head = $('#run-head');
  const made = document.adoptNode(fresh);
  const focused = head.contains(document.activeElement) ? /** @type {HTMLElement} */ (document.activeElement) : null;
  const edited = $('details[data-edit][open]', head)?.closest('#run-title, #run-tags');
  if (edited) $(`#${edited.id}`, made)?.replaceWith(edited);
  head.replaceWith(made);
  if (focused) (focused.isConnected ? focused : $('.tabs [aria-current]', made))?.focus();
}

const RUN = 'Run';

register(['Answer', 'Trace', 'Cost', 'Coverage'].map((name, index) => ({
  id: `run.page.${name}`, words: `${name} of this run`, group: RUN, icon: 'chev', ...press(`#run-head .tabs a:nth-child(${index + 1})`),
})));
if (place.isOwn) {
  register([
    { id: 'run.stop', words: 'Stop this run', group: RUN, icon: 'stop', ...press('[data-stop]') },
    { id: 'run.mark', words: 'Mark for compare', group: RUN, keys: ['x'], icon: 'mark', run: () => toggleMark(place.run) },
    { id: 'run.compare', words: 'Compare with…', group: RUN, icon: 'cmp', ...press('#run-head .actions [href*="/compare?"]') },
    { id: 'run.again', words: 'Ask again, with changes', group: RUN, icon: 'again', ...press('#run-head .actions [href*="/runs/new"]') },
    { id: 'run.rename', words: 'Rename this run', group: RUN, icon: 'edit', ...press('#run-title summary') },
    { id: 'run.tag', words: 'Tag this run', group: RUN, icon: 'tag', ...press('#run-tags summary') },
    { id: 'run.pin', words: 'Pin this run, or unpin it', group: RUN, icon: 'pin', ...press('#run-pin button') },
    { id: 'run.delete', words: 'Delete this run', group: RUN, icon: 'trash', ...press('#run-delete button') },
    { id: 'run.export', words: 'Export: save this run as a file', group: RUN, icon: 'down', ...press('#run-head .exports > summary') },
  ]);
}
