// @ts-check
// The error that a node ended with.
import { copyButton, heading, note, plainText } from './pieces.js';

/** @typedef {import('./pieces.js').Shown} Shown */

/** @param {any} full @returns {Shown} */
export function errorOf(full) {
  if (!full.error) return [];
  const { kind, message, traceback } = full.error;
  return [
    heading('Error', '', traceback ? copyButton(traceback, 'Copy traceback') : null),
    note('err', 'err', message ? `${kind}: ${message}` : kind),
    traceback ? plainText(traceback) : null,
  ];
}
