// @ts-check
// Runs marked for comparing, kept in this browser: a chip in the header says how many and leads to them side by side.
import { $, $$, element, toast } from './ui.js';

const STORED = 'marked-runs';
const MOST = 4;
const chip = $('#marked');

/** Ids of the runs, in the order of marking. @returns {string[]} */
export function marked() {
  try {
    const told = JSON.parse(localStorage.getItem(STORED) ?? '[]');
    return Array.isArray(told) ? told.filter(id => /^[0-9a-z]{12}$/.test(id)).slice(0, MOST) : [];
  } catch {
    return [];
  }
}

/** @param {string[]} ids */
function keep(ids) {
  localStorage.setItem(STORED, JSON.stringify(ids));
  show();
}

export const unmarkAll = () => keep([]);

/** Marks a run, or takes its mark away. @param {string} id */
export function toggleMark(id) {
  const ids = marked();
  if (ids.includes(id)) {
    keep(ids.filter(each => each !== id));
    toast('Not marked any more.');
  } else if (ids.length >= MOST) {
    toast('Four runs are marked already. Unmark one first.');
  } else {
    keep([...ids, id]);
    toast(ids.length ? `Marked. ${ids.length + 1} runs can be compared.` : 'Marked for compare. Mark another run.');
  }
}

/** Tells the page what is marked. */
export function show() {
  const ids = marked();
  for (const button of $$('[data-mark]')) button.setAttribute('aria-pressed', String(ids.includes(button.dataset.mark)));
  if (!chip) return;
  chip.hidden = !ids.length;
  const link = $('a', chip);
  link.href = `${chip.dataset.compare}?${ids.map(id => `r=${id}`).join('&')}`;
  const words = ids.length > 1 ? ' marked · Compare' : ' marked';
  link.setAttribute('aria-label', `${ids.length}${words}`);
  $('span', link).replaceChildren(String(ids.length), element('span', { class: 'hide-s' }, words));
}

document.addEventListener('click', event => {
  const button = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest('[data-mark]'));
  if (button) toggleMark(/** @type {string} */ (button.dataset.mark));
});
$('button', chip ?? document.createElement('i'))?.addEventListener('click', unmarkAll);
addEventListener('storage', event => { if (event.key === STORED) show(); });
show();
