// @ts-check
// A follow-up question under the answer: goes on in the run's session. The form may come with a refreshed page.
import { $, ApiError, api } from './ui.js';

document.addEventListener('submit', async event => {
  const form = /** @type {HTMLFormElement} */ (event.target);
  if (form.id !== 'follow-up') return;
  event.preventDefault();
  const [shown, button] = [$('.form-error', form), $('button', form)];
  button.disabled = true;
  try {
    const question = /** @type {any} */ (form.elements).question.value.trim();
    const run = await api('POST', '/runs', { question, follows: form.dataset.run });
    location.assign(`/runs/${run.id}`);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    shown.textContent = error.message;
    shown.hidden = false;
    button.disabled = false;
  }
});

addEventListener('keydown', event => {
  if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
  /** @type {HTMLFormElement | null} */ (/** @type {Element} */ (event.target).closest('#follow-up'))?.requestSubmit();
});
