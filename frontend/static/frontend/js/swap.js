// @ts-check
// Sends forms without loading the page anew: `data-swap` names the parts of the page that the answer brings. The focus
// stays where it was, or goes to what stands there now (`data-after` where nothing does). Without this script the same
// forms load the page.
import { $, $$, confirmDialog, fade, toast } from './ui.js';

const UNREACHABLE = 'The server cannot be reached. Check that it is running, then try again.';

/** @typedef {{ key: string | undefined, act: string | undefined, row: number }} Place */

document.addEventListener('submit', async event => {
  const form = /** @type {HTMLFormElement} */ (event.target);
  const { confirm: title, confirmText: text = '', confirmAction: action = 'Delete' } = form.dataset;
  if (event.defaultPrevented || !(title || form.dataset.swap)) return;
  const { submitter } = event;
  event.preventDefault();
  if (title && !(await confirmDialog({ title, text, action }))) return;
  if (form.dataset.swap) send(form, submitter);
  else form.submit();
});

/** @param {HTMLFormElement} form @param {HTMLElement | null} submitter */
async function send(form, submitter) {
  const place = placeOf(submitter ?? document.activeElement);
  const body = new URLSearchParams(/** @type {any} */ (new FormData(form, submitter)));
  const target = submitter?.getAttribute('formaction') ?? form.getAttribute('action') ?? location.href;
  const answer = await fetch(target, { method: 'POST', body, headers: { 'X-Swap': form.dataset.swap ?? '', Accept: 'text/html' } }).catch(() => null);
  if (!answer) {
    dispatchEvent(new Event('unreachable'));
    return toast(UNREACHABLE);
  }
  if (!answer.ok && answer.status !== 422) return toast(`The server answered ${answer.status}. Reload the page, then try again.`);
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  form.closest('.toast')?.remove();
  const wanted = /** @type {string} */ (form.dataset.swap).split(',');
  if (!wanted.some(part => page.querySelector(part))) return location.reload();
  for (const part of wanted) swap(part, page);
  const wrong = wanted.map(part => $(`${part} details[data-edit][open]`)).find(Boolean);
  for (const told of page.querySelectorAll('.toasts > .toast')) {
    const shown = /** @type {HTMLElement} */ (document.adoptNode(told));
    $('.toasts').append(shown);
    fade(shown);
  }
  dispatchEvent(new Event('swapped'));
  if (wrong) openForm(wrong);
  else putFocus(place, form.dataset.after);
  return undefined;
}

/** @param {string} part @param {Document} page */
function swap(part, page) {
  const [old, fresh] = [$(part), page.querySelector(part)];
  if (old && fresh) old.replaceWith(document.adoptNode(fresh));
}

// ---------------------------------------------------------------------------------------------- focus

const rows = () => $$('#main [data-row]');

/** @param {Element | null} focused @returns {Place} */
function placeOf(focused) {
  const { key, do: act } = /** @type {HTMLElement | null} */ (focused)?.dataset ?? {};
  return { key, act, row: rows().indexOf(focused?.closest('[data-row]')) };
}

/** To the same control, else the same of the row that stands there now. @param {Place} place @param {string} [after] */
function putFocus({ key, act, row }, after) {
  const there = rows();
  const next = row < 0 ? null : there[Math.min(row, there.length - 1)];
  const found = (key && $(`[data-key="${CSS.escape(key)}"]`)) || (act && next && $(`[data-do="${act}"]`, next)) || (after && $(after)) || $('h1');
  if (!found) return;
  if (!found.matches('a, button, input, summary, select, textarea')) found.tabIndex = -1;
  found.focus();
}

// ---------------------------------------------------------------------------------------------- editing in place

// A `details` that opens a form in its place: the focus goes in at once, Escape closes it, and all is as before.

/** @param {HTMLDetailsElement} details */
function openForm(details) {
  details.open = true;
  const input = $('input:not([type=hidden])', details);
  input.focus();
  input.select();
}

document.addEventListener('keydown', event => {
  const details = /** @type {HTMLDetailsElement | null} */ (/** @type {Element} */ (event.target).closest('details[data-edit][open]'));
  if (!details || event.key !== 'Escape') return;
  event.preventDefault();
  $('form', details).reset();
  details.open = false;
  $('summary', details).focus();
});

document.addEventListener('click', event => {
  const summary = /** @type {Element} */ (event.target).closest('details[data-edit]:not([open]) > summary');
  if (summary) {
    event.preventDefault();
    openForm(/** @type {HTMLDetailsElement} */ (summary.parentElement));
  }
  for (const details of $$('details[data-edit][open]')) if (!details.contains(event.target)) details.open = false;
});
