// @ts-check
// Whether the server can be reached: one quiet bar on every page says when it cannot, and what failed is tried again when
// it can. Whoever fails to reach it says so by the event `unreachable`; `reachable` says that it answers again.
import { $, $$, element, toast } from './ui.js';

const HEALTH = '/api/v1/health';
const LOOK_EVERY = 45_000;
const FIRST_WAIT = 1_000;
const LONGEST_WAIT = 15_000;
const PATIENCE = 8_000;

let reachable = true;
let wait = FIRST_WAIT;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
/** @type {Promise<void> | null} a look that is under way */
let looking = null;

const look = () => { looking ??= ask().finally(() => { looking = null; }); };

async function ask() {
  clearTimeout(timer);
  const answered = await fetch(HEALTH, { cache: 'no-store', signal: AbortSignal.timeout(PATIENCE) }).then(() => true, () => false);
  if (answered) become(true);
  else {
    become(false);
    timer = setTimeout(look, wait);
    wait = Math.min(LONGEST_WAIT, 2 * wait);
  }
}

/** @param {boolean} now */
function become(now) {
  const before = reachable;
  reachable = now;
  if (now) wait = FIRST_WAIT;
  if (!now) tell();
  if (before === now) return;
  const bar = $('#reach');
  if (now) {
    const focused = bar?.contains(document.activeElement);
    bar?.replaceChildren();
    if (bar) bar.hidden = true;
    if (focused) $('#main')?.focus();
    toast('The server answers again.');
    dispatchEvent(new Event('reachable'));
    for (const button of $$('[data-retry]')) button.click();
  }
}

function tell() {
  const bar = $('#reach');
  if (!bar) return;
  const words = navigator.onLine
    ? 'The server cannot be reached. What you see may be old; it is being tried again.'
    : 'You are offline. What you see may be old.';
  if (!bar.hidden && $('span', bar)?.textContent === words) return;
  bar.hidden = false;
  bar.replaceChildren(element('span', {}, words), element('button', { class: 'btn ghost sm', type: 'button', onclick: look }, 'Try again'));
}

if (location.protocol.startsWith('http')) {
  addEventListener('unreachable', look);
  addEventListener('online', look);
  addEventListener('offline', () => {
    clearTimeout(timer);
    become(false);
    timer = setTimeout(look, wait);
  });
  document.addEventListener('visibilitychange', () => { if (!document.hidden) look(); });
  setInterval(() => { if (!document.hidden && reachable) look(); }, LOOK_EVERY);
}
