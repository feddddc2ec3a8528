// @ts-check
// Documents that are still being read, and the list that waits for them.

import { $, $$, ApiError, api, toast } from './ui.js';

const LOOK_AGAIN = 1_000;

/** Waits until a document has been read, also while the server cannot be reached. @param {string} id @param {(document: any) => void} [changed] @returns {Promise<any>} */
export async function whenRead(id, changed) {
  for (;;) {
    const found = await api('GET', `/documents/${id}`).catch(error => {
      if (error instanceof ApiError && error.status === 0) return null;
      throw error;
    });
    if (found) changed?.(found);
    if (found && found.status !== 'processing') return found;
    await new Promise(resolve => setTimeout(resolve, LOOK_AGAIN));
  }
}

/** Rows that are being read are looked at again until one is ready. */
function watch() {
  const waiting = $$('tr[data-status=processing]').map(row => whenRead(row.dataset.document));
  if (waiting.length) Promise.race(waiting).then(() => location.reload(), error => toast(error.message));
}

if ($('table.documents')) watch();
