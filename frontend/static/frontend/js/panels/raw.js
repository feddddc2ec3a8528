// @ts-check
// Raw: the record as it is. Long texts are cut in what is shown; what is copied is whole.
import { whole } from '../format.js';
import { fetchData } from '../place.js';
import { copyButton, heading, muted, plainText } from './pieces.js';

/** @typedef {import('../detail.js').Subject} Subject */
/** @typedef {import('./pieces.js').Shown} Shown */

const LONGEST = 60_000;

/** @param {Subject} subject @returns {Shown} */
export function raw({ batch, full }) {
  if (batch) {
    const text = pretty({ batch: batch.number, kind: batch.kind, items: batch.items.map(node => node.number) });
    return [heading('Record', '', copyButton(text, 'Copy JSON')), plainText(text)];
  }
  const { chars, same, ...record } = full;
  const text = pretty(record);
  const cut = text.length > LONGEST || Object.entries(chars ?? {}).some(([name, count]) =>
    (Array.isArray(count) ? count.some((each, index) => each > full.request[index].content.length) : count > full[name].length));
  return [
    heading('Record', `${whole(text.length)} characters of JSON`, copyButton(async () => pretty(await fetchData(`nodes/${full.number}`)), 'Copy JSON')),
    plainText(text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text),
    cut ? muted('Long texts are cut here. Copying takes the whole record.') : null,
  ];
}

const pretty = (/** @type {any} */ value) => JSON.stringify(value, null, 2);
