// @ts-check
// The dialog that offers documents uploaded earlier.

import { $, $$, ApiError, api, element, failure, iconElement } from './ui.js';
import { count } from './format.js';

const PAGES = 10;

/** Fills the dialog when it opens; `take` gets each document that was ticked. @param {(document: any) => void} take */
export function shelve(take) {
  /** @type {any[]} */
  let kept = [];
  const dialog = $('#shelf');

  const fill = async () => {
    try {
      kept = await readyDocuments();
      list(kept);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      $('#shelf-list').replaceChildren(element('li', {}, failure('Your documents could not be loaded', error, fill)));
    }
  };
  new MutationObserver(() => {
    if (!dialog.open) return;
    $('#shelf-list').replaceChildren(element('li', { class: 'skel' }), element('li', { class: 'skel' }));
    fill();
  }).observe(dialog, { attributeFilter: ['open'] });

  $('#shelf-q').addEventListener('input', () => {
    const words = $('#shelf-q').value.trim().toLowerCase();
    for (const row of $$('#shelf-list li')) row.hidden = !row.textContent.toLowerCase().includes(words);
  });
  $('#shelf-q').addEventListener('keydown', event => {
    if (event.key === 'Enter') event.preventDefault();
  });
  dialog.addEventListener('close', () => {
    if (dialog.returnValue !== 'add') return;
    dialog.returnValue = '';
    const ticked = new Set($$('#shelf-list input:checked').map(box => box.value));
    for (const document of kept) if (ticked.has(document.id)) take(document);
  });
}

async function readyDocuments() {
  const found = [];
  let cursor = '';
  for (let page = 0; page < PAGES; page += 1) {
    const told = await api('GET', `/documents?limit=100${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`);
    found.push(...told.items.filter(document => document.status === 'ready'));
    cursor = told.next;
    if (!cursor) break;
  }
  return found;
}

/** @param {any[]} documents */
function list(documents) {
  const rows = documents.map(document => element('li', {}, element('label', { class: 'check' },
    element('input', { type: 'checkbox', value: document.id }), iconElement('doc'),
    element('span', { class: 'trunc grow' }, document.name),
    element('span', { class: 'muted small nw' }, `${count(document.chars)} chars`))));
  $('#shelf-list').replaceChildren(...(rows.length ? rows : [element('li', { class: 'muted' }, 'No documents yet. Drop one on the page first.')]));
}
