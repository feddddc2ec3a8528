// @ts-check
// Sharing: opens the form of the page Share in a dialog, shows as one types what viewers would see, and makes the link
// without leaving the page. The server makes all of it; without this script the page does the same.
import { press, register } from './actions.js';
import { $, element, iconElement, toast } from './ui.js';

const PAUSE = 350;
const FAILED = 'The server cannot be reached. Check that it is running, then try again.';

let asked = 0;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

/** A page of ours, as the server makes it. @param {string} address @param {RequestInit} [how] */
async function pageAt(address, how) {
  const answer = await fetch(address, how);
  return new DOMParser().parseFromString(await answer.text(), 'text/html');
}

/** @param {string} address of the page Share for what is to be shared */
export async function openShare(address) {
  const page = await pageAt(address).catch(() => null);
  const form = page?.querySelector('#share-form');
  if (!form) return location.assign(address);
  $('#share')?.remove();
  const dialog = element('dialog', { id: 'share', class: 'share', 'aria-labelledby': 'share-t' },
    element('div', { class: 'dlg-h' },
      element('h2', { id: 'share-t' }, form.getAttribute('data-title') ?? 'Share'),
      element('button', { class: 'btn ghost icon sm', type: 'button', 'data-close': true, 'aria-label': 'Close' }, iconElement('x'))),
    document.adoptNode(form));
  form.setAttribute('action', address);
  document.body.append(dialog);
  dialog.addEventListener('close', () => dialog.remove());
  dialog.showModal();
  $('[name=scope]:checked', dialog)?.focus();
  bind(/** @type {HTMLFormElement} */ (form));
  look(/** @type {HTMLFormElement} */ (form));
  return undefined;
}

/** @param {HTMLFormElement} form */
function bind(form) {
  $('[name=preview]', form).hidden = true; // it is shown as one types
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(() => look(form), PAUSE);
  };
  for (const type of ['input', 'change']) form.addEventListener(type, event => {
    const { name } = /** @type {HTMLInputElement} */ (event.target);
    if (name !== 'password' && name !== 'expires_in') later();
  });
  form.addEventListener('submit', event => {
    event.preventDefault();
    const button = /** @type {HTMLButtonElement | null} */ (event.submitter);
    if (button?.name === 'preview') look(form);
    else make(form);
  });
}

/** @param {HTMLFormElement} form @param {Record<string, string>} [more] */
function send(form, more = {}) {
  const body = new URLSearchParams(/** @type {any} */ (new FormData(form)));
  for (const [name, value] of Object.entries(more)) body.set(name, value);
  return pageAt(form.action, { method: 'POST', body });
}

/** Shows what viewers would see, or what is wrong. @param {HTMLFormElement} form */
async function look(form) {
  const mine = ++asked;
  $('.share-look', form)?.classList.add('stale');
  const page = await send(form, { preview: '1', password: '' }).catch(() => null);
  if (mine !== asked || !form.isConnected) return;
  $('#share-error', form).textContent = page ? page.querySelector('#share-error')?.textContent ?? '' : FAILED;
  const shown = page?.querySelector('#share-preview');
  const list = $('.share-texts', form);
  const at = list?.scrollTop ?? 0;
  if (shown?.firstElementChild) $('#share-preview', form).replaceChildren(...[...shown.childNodes].map(node => document.adoptNode(node)));
  const fresh = $('.share-texts', form);
  if (fresh) fresh.scrollTop = at;
}

/** @param {HTMLFormElement} form */
async function make(form) {
  clearTimeout(timer);
  asked += 1;
  const button = /** @type {HTMLButtonElement} */ ($('.btn.primary', form));
  button.disabled = true;
  const page = await send(form).catch(() => null);
  const fresh = page?.querySelector('#share-form');
  if (!fresh?.querySelector('#share-url')) {
    button.disabled = false;
    $('#share-error', form).textContent = page ? page.querySelector('#share-error')?.textContent || FAILED : FAILED;
    $('#share-error', form).scrollIntoView({ block: 'nearest' });
    return;
  }
  const title = $('#share-t') ?? $('.page-h h1');
  if (title) title.textContent = fresh.getAttribute('data-title') ?? '';
  form.replaceWith(document.adoptNode(fresh));
  $('#share-url').select();
  toast('The link is made. Copy it now, or later in Settings, Shared links.');
}

document.addEventListener('click', event => {
  const link = /** @type {HTMLAnchorElement | null} */ (/** @type {Element} */ (event.target).closest('a[data-share]'));
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  openShare(link.href);
});

register([{ id: 'run.share', words: 'Share', group: 'Run', keys: ['S'], icon: 'share', ...press('[data-share]') }]);

const own = /** @type {HTMLFormElement | null} */ ($('main #share-form'));
if (own && !$('#share-url', own)) {
  if (!own.hasAttribute('action')) own.action = location.href;
  bind(own);
  if (!$('#share-preview', own).childElementCount) look(own);
}
