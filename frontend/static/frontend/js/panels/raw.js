// @ts-check
// Raw: the record as it is.
import { whole } from '../format.js';
import { copyButton, heading, longText } from './pieces.js';

/** @typedef {import('../detail.js').Subject} Subject */
/** @typedef {import('./pieces.js').Shown} Shown */

/** @param {Subject} subject @returns {Shown} */
export function raw({ batch, full }) {
  const value = batch ? { batch: batch.number, kind: batch.kind, items: batch.items.map(node => node.number) } : full;
  const text = JSON.stringify(value, null, 2);
  return [heading('Record', `${whole(text.length)} characters of JSON`, copyButton(text, 'Copy JSON')), longText(text)];
}
