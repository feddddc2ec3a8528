// @ts-check
// The table of runs: a choice in a filter applies at once, rows are walked through by keys, chosen and acted on, and rows
// that are at work are looked at again.

import { press, register } from './actions.js';
import { $, $$, api } from './ui.js';

const LOOK_AGAIN = 3_000;
const MOST_COMPARED = 4;
const RUNS = 'Runs';

document.addEventListener('change', event => {
  const field = /** @type {HTMLInputElement} */ (event.target);
  if (field.matches('#filters select, #filters input[type=checkbox]')) $('#filters').requestSubmit();
  if (field.id === 'pick-all') for (const box of $$('[name=r]')) box.checked = field.checked;
  tellPicked();
});
document.addEventListener('submit', event => {
  if (/** @type {Element} */ (event.target).id !== 'filters') return;
  for (const field of $$('#filters [name]')) field.disabled = !field.value; // keeps empty ones out of the address
});
addEventListener('pageshow', () => {
  for (const field of $$('#filters [name]')) field.disabled = false;
});

/** How many runs are chosen; with none there is nothing to delete. */
function tellPicked() {
  const [all, some] = [$$('[name=r]').length, $$('[name=r]:checked').length];
  const every = $('#pick-all');
  if (!every) return;
  every.closest('label').hidden = false;
  every.checked = some > 0 && some === all;
  every.indeterminate = some > 0 && some < all;
  $('#picked').textContent = some ? `${some} chosen` : '';
  $('[data-do=bulk-delete]').disabled = !some;
  const compare = $('[data-do=bulk-compare]');
  compare.disabled = some < 2 || some > MOST_COMPARED;
  $('span', compare).textContent = compare.disabled ? 'Compare chosen' : `Compare ${some} runs`;
  compare.title = compare.disabled ? 'Choose two to four runs' : '';
}

document.addEventListener('click', event => {
  const button = /** @type {HTMLButtonElement | null} */ (/** @type {Element} */ (event.target).closest('[data-do=bulk-compare]'));
  if (!button) return;
  event.preventDefault(); // the form would be sent; the same runs in the address can be shared and gone back to
  location.assign(`${button.formAction}?${$$('[name=r]:checked').map(box => `r=${box.value}`).join('&')}`);
});

// ---------------------------------------------------------------------------------------------- keys

/** Puts the focus on the next run's name. @param {number} places */
function move(places) {
  const rows = $$('#main [data-row]');
  const at = rows.indexOf(document.activeElement?.closest('[data-row]'));
  const next = at < 0 ? 0 : Math.max(0, Math.min(rows.length - 1, at + places));
  $('[data-do=open]', rows[next])?.focus();
}

const inRow = () => Boolean(document.activeElement?.closest('[data-row]'));
const here = (/** @type {string} */ selector) => $(selector, document.activeElement?.closest('[data-row]') ?? undefined);

register([
  { id: 'run.next', words: 'Next / previous run', shown: 'j / k', group: RUNS, keys: ['j'], listed: false, run: () => move(1) },
  { id: 'run.previous', words: 'Previous run', shown: '', group: RUNS, keys: ['k'], listed: false, run: () => move(-1) },
  { id: 'run.first', words: 'First / last run', shown: 'g g / G', group: RUNS, keys: ['g g'], listed: false, run: () => move(-Infinity) },
  { id: 'run.last', words: 'Last run', shown: '', group: RUNS, keys: ['G'], listed: false, run: () => move(Infinity) },
  { id: 'runs.find', words: 'Find runs', group: RUNS, keys: ['/'], icon: 'find', run: () => $('#f-q').focus() },
  { id: 'run.pick', words: 'Choose the run, to compare or delete', shown: 's', group: RUNS, keys: ['s'], listed: false, when: inRow, run: () => here('[data-do=pick]')?.click() },
  { id: 'runs.compare', words: 'Compare the chosen runs', group: RUNS, keys: ['c'], icon: 'cmp', ...press('[data-do=bulk-compare]') },
  { id: 'run.pin', words: 'Pin the run, or unpin it', shown: 'p', group: RUNS, keys: ['p'], listed: false, when: inRow, run: () => here('.pin')?.click() },
]);

// ---------------------------------------------------------------------------------------------- runs at work

function watch() {
  const live = $$('tr[data-live]').map(row => row.dataset.live);
  if (!live.length) return;
  const timer = setInterval(async () => {
    const states = await Promise.all(live.map(id => api('GET', `/runs/${id}`).catch(() => ({ status: 'running' }))));
    if (states.every(run => run.status === 'queued' || run.status === 'running')) return;
    clearInterval(timer);
    location.reload();
  }, LOOK_AGAIN);
}

addEventListener('swapped', tellPicked);
tellPicked();
watch();
