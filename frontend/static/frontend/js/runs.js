// @ts-check
// The table of runs: a choice in a filter applies at once, and rows that are at work are looked at again.

import { $, $$, api } from './ui.js';

const LOOK_AGAIN = 3_000;

for (const choice of $$('#filters select, #filters input[type=checkbox]')) {
  choice.addEventListener('change', () => $('#filters').requestSubmit());
}
$('#filters').addEventListener('submit', () => {
  for (const field of $$('#filters [name]')) field.disabled = !field.value; // keeps empty ones out of the address
});
addEventListener('pageshow', () => {
  for (const field of $$('#filters [name]')) field.disabled = false;
});

const live = $$('tr[data-live]').map(row => row.dataset.live);
if (live.length) {
  const timer = setInterval(async () => {
    const states = await Promise.all(live.map(id => api('GET', `/runs/${id}`)));
    if (states.every(run => run.status === 'queued' || run.status === 'running')) return;
    clearInterval(timer);
    location.reload();
  }, LOOK_AGAIN);
}
