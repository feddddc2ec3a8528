// @ts-check
// The list of documents: watches those that are still being read, deletes.

import { $, $$, ApiError, api, confirmDialog, toast } from './ui.js';

const LOOK_AGAIN = 1_000;

/** Waits until a document has been read. @param {string} id @param {(document: any) => void} [changed] @returns {Promise<any>} */
export async function whenRead(id, changed) {
  for (;;) {
    const found = await api('GET', `/documents/${id}`);
    changed?.(found);
    if (found.status !== 'processing') return found;
    await new Promise(resolve => setTimeout(resolve, LOOK_AGAIN));
  }
}

/** @param {HTMLElement} button */
async function remove(button) {
  const { delete: id, name, runs } = button.dataset;
  const used = Number(runs) ? 'Runs that used it keep their copy for their sources.' : 'It cannot be brought back.';
  const sure = await confirmDialog({ title: `Delete “${name}”?`, text: used, action: 'Delete' });
  if (!sure) return;
  try {
    await api('DELETE', `/documents/${id}`);
    button.closest('tr')?.remove();
    toast('The document was deleted.');
    if (!$('[data-document]')) location.reload();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    toast(error.message);
  }
}

if ($('table.documents')) {
  for (const button of $$('[data-delete]')) button.addEventListener('click', () => remove(button));
  const waiting = $$('tr[data-status=processing]').map(row => whenRead(row.dataset.document));
  if (waiting.length) Promise.race(waiting).then(() => location.reload(), error => toast(error.message));
}
