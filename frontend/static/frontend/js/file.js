// @ts-check
// A run in one file: its pages stand in one document; the address behind # says which is shown, as a server's would:
// `#/trace?node=7`, `#/cost`, `#source-2`.
import { register, press } from './actions.js';
import { arrange } from './answering.js';
import { openCoverage } from './coverage_page.js';
import { held } from './held.js';
import { showSource } from './pane.js';
import { readFrom } from './place.js';
import { openTrace } from './trace.js';
import { $, $$, openDialog } from './ui.js';

const ROUTE = /^#\/(trace|cost|coverage)(?:\?(.*))?$/;
const opened = new Set(['answer', 'cost']);

readFrom(held);

/** Pages are filled when they are in sight: what is hidden has no width to draw in. */
const FILL = /** @type {Record<string, () => void>} */ ({ trace: openTrace, coverage: openCoverage });

/** @param {string} name */
function show(name) {
  for (const page of $$('[data-page]')) {
    page.toggleAttribute('data-open', page.dataset.page === name);
    page.hidden = page.dataset.page !== name;
  }
  for (const tab of $$('[data-tab-of]')) {
    if (tab.dataset.tabOf === name) tab.setAttribute('aria-current', 'page');
    else tab.removeAttribute('aria-current');
  }
  document.body.classList.toggle('bench-body', name === 'trace');
  $('#run-head').classList.toggle('bench-h', name === 'trace');
}

function route() {
  const [, name = 'answer', query = ''] = location.hash.match(ROUTE) ?? [];
  const isNew = !opened.has(name);
  show(name);
  if (query) history.replaceState(null, '', `?${query}${location.hash.split('?')[0]}`);
  if (isNew) FILL[name]();
  else if (name === 'trace' && query) dispatchEvent(new PopStateEvent('popstate'));
  opened.add(name);
  const [, source] = location.hash.match(/^#source-(\d+)$/) ?? [];
  if (source) showSource(Number(source));
  if (!isNew || name !== 'trace') scrollTo(0, 0);
}

const RUN = 'Run';
register([
  ...['Answer', 'Trace', 'Cost', 'Coverage'].map((name, index) => ({
    id: `run.page.${name}`, words: `${name} of this run`, group: RUN, ...press(`#run-head .tabs a:nth-child(${index + 1})`),
  })),
  { id: 'theme', words: 'Switch between light and dark', group: 'Everywhere', ...press('[data-theme-toggle]') },
  { id: 'help', words: 'Keys of this page', group: 'Everywhere', keys: ['?'], run: () => openDialog('keys') },
]);

show('answer');
arrange();
route();
addEventListener('hashchange', route);
