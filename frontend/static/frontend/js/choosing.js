// @ts-check
// Ticking runs to compare: says how many are ticked, and keeps the button for two to four of them.
import { $, $$ } from './ui.js';

const MOST = 4;
const form = /** @type {HTMLFormElement} */ ($('#choosing'));
const button = $('.mark-bar button', form);

function look() {
  const count = $$('input[name=r]:checked', form).length;
  button.disabled = count < 2 || count > MOST;
  $('span', button).textContent = button.disabled ? 'Compare' : `Compare ${count} runs`;
  $('#choosing-says').textContent = count > MOST ? `${count} are ticked; at most four can be compared.`
    : count === 1 ? 'One is ticked. Tick another one.' : count ? `${count} are ticked.` : 'Tick two to four runs.';
}

if (button) {
  form.addEventListener('change', look);
  addEventListener('pageshow', look);
  look();
}
