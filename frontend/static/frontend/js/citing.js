// @ts-check
// What belongs to one source lights up together: its citations in the answer, its passage in the list, its place in
// the coverage strip. And the marks of sentences without a source, which can be put away.

import { $$ } from './ui.js';

const KEPT = 'show-nosrc';

/** Calls back with the numbers of the sources under the pointer or the focus. @param {(numbers: number[]) => void} callback */
export const onLit = callback => addEventListener('sources-lit', event => callback(/** @type {CustomEvent} */ (event).detail));

/** @param {number[]} numbers */
export function light(numbers) {
  for (const part of $$('[data-cite], [data-source]')) {
    part.classList.toggle('lit', numbers.includes(Number(part.dataset.cite ?? part.dataset.source)));
  }
  dispatchEvent(new CustomEvent('sources-lit', { detail: numbers }));
}

/** @param {Event} event @returns {number[]} */
function numbersAt(event) {
  const part = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest?.('[data-cite], [data-source]'));
  return part ? [Number(part.dataset.cite ?? part.dataset.source)] : [];
}

let now = '';
/** @param {Event} event */
function follow(event) {
  const numbers = numbersAt(event);
  if (String(numbers) === now) return;
  now = String(numbers);
  light(numbers);
}
for (const type of ['pointerover', 'focusin']) document.addEventListener(type, follow);

/** Whether the marks are shown is the reader's choice for all runs. */
export function keepMarks() {
  const box = /** @type {HTMLInputElement | null} */ (document.querySelector(`#${KEPT}`));
  if (box) box.checked = localStorage.getItem(KEPT) !== 'no';
}

export function toggleMarks() {
  const box = /** @type {HTMLInputElement | null} */ (document.querySelector(`#${KEPT}`));
  box?.click();
}

document.addEventListener('change', event => {
  const box = /** @type {HTMLInputElement} */ (event.target);
  if (box.id === KEPT) localStorage.setItem(KEPT, box.checked ? 'yes' : 'no');
});
