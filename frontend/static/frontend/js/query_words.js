// @ts-check
// The help below the search box of the page Runs: an example goes into the box at a press. Without this script the
// examples are there to be read.
import { $, $$, element } from './ui.js';

/** @param {string} text */
function add(text) {
  const box = /** @type {HTMLInputElement} */ ($('#f-q'));
  const before = box.value.trimEnd();
  box.value = before ? `${before} ${text}` : text;
  const colon = text.indexOf(':');
  box.focus();
  box.setSelectionRange(box.value.length - text.length + colon + 1, box.value.length);
}

function enhance() {
  for (const example of $$('#query-words code[data-word]')) {
    const text = example.dataset.word;
    example.replaceWith(element('button', { class: 'find-word', type: 'button', title: `Add ${text}`, onclick: () => add(text) }, example.textContent));
  }
}

addEventListener('swapped', enhance);
enhance();
