// @ts-check
// The cost page: draws the figures that came with it. When a view is chosen, or a run goes on, the page is fetched again
// and what has changed takes its place, so open tables, places and the focus stay.
import { Drawing, picture } from './charts.js';
import { openMark } from './node_list.js';
import { place } from './place.js';
import { putHead } from './run_head.js';
import { follow } from './socket.js';
import { $, $$, api, element, failure, toast } from './ui.js';

const FOLLOW_SECONDS = 3;
const REST = 8; // of its time a page that follows a run fetches at most a ninth

/** @type {Map<string, Drawing>} */
const drawings = new Map();
/** @type {Record<string, any>} */
let figures = JSON.parse($('#figures').textContent);

/** @param {string} name of a chart */
const titleOf = name => $(`#chart-${name}`).textContent;

/** @param {string} name */
function draw(name) {
  const plot = $(`[data-chart="${name}"]`);
  const known = drawings.get(name);
  if (!plot) drawings.delete(name);
  else if (known?.place === plot) known.show(figures[name]);
  else drawings.set(name, new Drawing(plot, figures[name], mark => openMark(mark, titleOf(name))));
}

/** One after the other, each in a frame of its own: the page answers in between. */
async function drawAll() {
  for (const card of $$('[data-card]')) {
    draw(card.dataset.card);
    await new Promise(resolve => { setTimeout(resolve); });
  }
  $('#main').dataset.ready = String(Math.round(performance.now()));
}

// ---------------------------------------------------------------------------------------------- new figures

let asked = 0;

/**
 * Fetches the page again and shows what it says, unless it was asked for once more meanwhile.
 * @param {{ head?: boolean, form?: HTMLElement | null }} [what] whether the head of the run is shown anew, too; the form that was sent
 * @returns {Promise<boolean>} false: it could not be had
 */
async function refresh({ head = false, form = null } = {}) {
  asked += 1;
  const mine = asked;
  const answer = await fetch(location.href, { headers: { Accept: 'text/html' } }).catch(() => null);
  if (!answer?.ok || answer.redirected) return false;
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  if (mine !== asked) return true;
  if (head) putHead($('#run-head', page));
  figures = JSON.parse($('#figures', page).textContent);
  replace($('.kpis'), $('.kpis', page));
  for (const card of $$('[data-card]')) showCard(card, $(`[data-card="${card.dataset.card}"]`, page));
  if ($('[data-variants]') && $('[data-variants]', page)) replace($('[data-variants]'), $('[data-variants]', page));
  if (form) showErrors(form, $('.prices', page));
  return true;
}

/** @param {Element} shown @param {Element} fresh */
function replace(shown, fresh) {
  if (shown.outerHTML !== fresh.outerHTML) shown.replaceWith(document.adoptNode(fresh));
}

/** A card keeps its menu, its table as far as it was scrolled, and the focus. @param {HTMLElement} card @param {HTMLElement} fresh */
function showCard(card, fresh) {
  const name = card.dataset.card ?? '';
  const [had, has] = [card, fresh].map(each => [$('.plot', each) !== null, $('.twin', each) !== null].join());
  if (had !== has) return showWhole(card, fresh);
  for (const part of ['h2', '.about p']) $(part, card).textContent = $(part, fresh).textContent;
  for (const link of $$('[download]', card)) link.href = $('[download]', fresh).href;
  $('.plot', card)?.setAttribute('aria-label', $('.plot', fresh).getAttribute('aria-label'));
  const [table, other] = [$('table', card), $('table', fresh)];
  if (table && table.innerHTML !== other.innerHTML) {
    const place = [...table.querySelectorAll('a')].indexOf(/** @type {any} */ (document.activeElement));
    table.replaceChildren(...[...other.children].map(part => document.adoptNode(part)));
    if (place >= 0) $$('a', table)[place]?.focus();
  }
  draw(name);
}

/** What had nothing to draw has now, or the other way round. @param {HTMLElement} card @param {HTMLElement} fresh */
function showWhole(card, fresh) {
  const made = document.adoptNode(fresh);
  const chosen = document.activeElement?.id;
  card.replaceWith(made);
  if (chosen) document.getElementById(chosen)?.focus();
  draw(made.dataset.card ?? '');
}

// ---------------------------------------------------------------------------------------------- what one can do

/** Another view of a chart, which becomes part of the address. @param {HTMLSelectElement} select */
async function choose(select) {
  const address = new URL(location.href);
  if (select.selectedIndex) address.searchParams.set(select.name, select.value);
  else address.searchParams.delete(select.name);
  history.replaceState(history.state, '', address);
  const card = /** @type {HTMLElement} */ (select.closest('[data-card]'));
  card.setAttribute('aria-busy', 'true');
  if (!(await refresh())) toast('The server cannot be reached. Check that it is running, then choose again.');
  card.removeAttribute('aria-busy');
}

/** What the server says of the fields; what was written in them stays. @param {HTMLElement} form @param {HTMLElement} fresh */
function showErrors(form, fresh) {
  for (const [index, field] of $$('.field', form).entries()) {
    const other = $$('.field', fresh)[index];
    const input = $('input', field);
    $('.field-error', field)?.remove();
    if ($('.field-error', other)) field.append(document.adoptNode($('.field-error', other)));
    for (const name of ['aria-invalid', 'aria-describedby']) {
      if ($('input', other)?.hasAttribute(name)) input.setAttribute(name, $('input', other).getAttribute(name));
      else input.removeAttribute(name);
    }
  }
  $('[aria-invalid]', form)?.focus();
}

/** Other models' prices; they become part of the address, too. @param {HTMLFormElement} form */
async function priceIt(form) {
  const address = new URL(location.href);
  for (const input of /** @type {HTMLInputElement[]} */ ($$('.field input', form))) {
    if (input.value.trim()) address.searchParams.set(input.name, input.value.trim());
    else address.searchParams.delete(input.name);
  }
  history.replaceState(history.state, '', address);
  if (!(await refresh({ form }))) toast('The server cannot be reached. Check that it is running, then try again.');
}

let suggested = false;

/** The models whose price is known, when somebody is about to write one. */
async function suggest() {
  if (suggested) return;
  suggested = true;
  const { items } = await api('GET', '/prices').catch(() => ({ items: [] }));
  $('#priced').replaceChildren(...items.map((/** @type {string} */ name) => element('option', { value: name })));
}

/** @param {string} name */
async function keepPicture(name) {
  const link = document.createElement('a');
  link.href = await picture(figures[name]);
  link.download = `run-${place.run}-${name}.png`;
  link.click();
}

document.addEventListener('click', event => {
  const target = /** @type {Element} */ (event.target);
  const card = /** @type {HTMLElement | null} */ (target.closest('[data-card]'));
  const name = card?.dataset.card ?? '';
  const link = target.closest('[data-list]');
  if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    const rows = [...(link.closest('tbody')?.rows ?? [])];
    openMark(figures[name].layout.meta.marks[rows.indexOf(/** @type {any} */ (link.closest('tr')))], titleOf(name));
  }
  if (target.closest('[data-picture]')) keepPicture(name);
  if (target.closest('.menu-b')) /** @type {any} */ (target.closest('details')).open = false;
});
document.addEventListener('change', event => {
  const target = /** @type {HTMLSelectElement} */ (event.target);
  if (target.matches('.view select')) choose(target);
});

document.addEventListener('submit', event => {
  const form = /** @type {HTMLFormElement} */ (event.target);
  if (!form.matches('.prices')) return;
  event.preventDefault();
  priceIt(form);
});
document.addEventListener('focusin', event => {
  if (/** @type {Element} */ (event.target).matches('[list="priced"]')) suggest();
});

/** The tables have the same numbers, should the script that draws not have come. */
function sayUndrawn() {
  const error = { message: 'The script that draws it did not load. The table below has its numbers.' };
  for (const plot of $$('[data-chart]')) {
    plot.removeAttribute('role');
    plot.replaceChildren(failure('This chart could not be drawn', error, () => location.reload()));
  }
}

if ('Plotly' in globalThis || !Object.keys(figures).length) drawAll();
else addEventListener('load', () => ('Plotly' in globalThis ? drawAll() : sayUndrawn()), { once: true });

// ---------------------------------------------------------------------------------------------- a run that goes on

let changed = false;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let waiting;

/** Not more often than every few seconds, and rarely where a page takes long. @param {number} [pause] seconds */
function refreshSoon(pause = FOLLOW_SECONDS) {
  changed = true;
  waiting ??= setTimeout(async () => {
    changed = false;
    const began = performance.now();
    const shown = document.hidden || await refresh();
    const took = (performance.now() - began) / 1000;
    waiting = undefined;
    if (changed || !shown || document.hidden) refreshSoon(Math.max(FOLLOW_SECONDS, REST * took));
  }, pause * 1000);
}

if ('live' in $('#main').dataset) {
  follow({
    after: Number($('#main').dataset.seq),
    events: () => refreshSoon(),
    end: async () => {
      clearTimeout(waiting);
      if (!(await refresh({ head: true }))) location.reload();
      $('#live')?.remove();
    },
  });
}
