// @ts-check
// The shell shared by every page: finding elements, building them, theme, dialogs, toasts, tooltips, keys, API calls.
// Text from outside reaches the page by `textContent` or `esc()` only.

/** @param {string} selector @param {ParentNode} [root] @returns {any} the first match (null when there is none) */
export const $ = (selector, root = document) => root.querySelector(selector);

/** @param {string} selector @param {ParentNode} [root] @returns {any[]} */
export const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

const ENTITIES = /** @type {Record<string, string>} */ ({
  '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;',
});

/** Text made safe for HTML and for quoted attributes. @param {unknown} text */
export const esc = text => String(text).replace(/[&<>"']/g, sign => ENTITIES[sign]);

/** HTML of an icon of the sprite. @param {string} name */
export const icon = name => `<svg class="i i-${esc(name)}" aria-hidden="true"><use href="#i-${esc(name)}"/></svg>`;

/**
 * An element: `element('p', { class: 'muted' }, 'text', child, …)`. Strings become text, never HTML.
 * @param {string} tag @param {Record<string, any>} [attributes] @param {...(Node | string | null | undefined)} children
 * @returns {any}
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, '');
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, String(value));
  }
  made.append(...children.filter(child => child !== null && child !== undefined).map(child => child ?? ''));
  return made;
}

/** @type {Map<string, Element>} */
const icons = new Map();

/** An icon as an element. @param {string} name @returns {Element} */
export function iconElement(name) {
  let made = icons.get(name);
  if (!made) {
    const holder = document.createElement('template');
    holder.innerHTML = icon(name);
    icons.set(name, made = /** @type {Element} */ (holder.content.firstElementChild));
  }
  return /** @type {Element} */ (made.cloneNode(true));
}

// ---------------------------------------------------------------------------------------------- messages

const READ_SECONDS = 4;
const UNDO_SECONDS = 10;

/** Says something for a while. @param {string} text @param {() => void} [undo] with a button that takes it back */
export function toast(text, undo) {
  const shown = element('div', { class: 'toast' }, element('span', {}, text));
  if (undo) {
    const act = () => {
      shown.remove();
      undo();
    };
    shown.append(element('button', { type: 'button', 'data-undo': '', onclick: act }, 'Undo'));
  }
  $('.toasts').append(shown);
  fade(shown);
}

/** Takes a toast away after a while, but not from under a hand or the focus. @param {HTMLElement} shown */
export function fade(shown) {
  const seconds = $('[data-undo]', shown) ? UNDO_SECONDS : READ_SECONDS;
  const look = () => {
    if (shown.matches(':hover, :focus-within')) setTimeout(look, 1000);
    else shown.remove();
  };
  setTimeout(look, seconds * 1000);
}

/** @param {string} id of a dialog of the page */
export const openDialog = id => $(`#${id}`).showModal();

/**
 * Asks before something that cannot be undone.
 * @param {{ title: string, text: string, action: string }} words @returns {Promise<boolean>}
 */
export function confirmDialog({ title, text, action }) {
  const dialog = element('dialog', { class: 'ask-first', 'aria-labelledby': 'ask-first-t' },
    element('div', { class: 'dlg-h' }, element('h2', { id: 'ask-first-t' }, title)),
    element('div', { class: 'dlg-b' }, element('p', { class: 'soft' }, text)),
    element('form', { class: 'dlg-f', method: 'dialog' },
      element('button', { class: 'btn', value: '' }, 'Cancel'),
      element('button', { class: 'btn danger', value: 'yes' }, action)));
  document.body.append(dialog);
  dialog.showModal();
  return new Promise(resolve => dialog.addEventListener('close', () => {
    dialog.remove();
    resolve(dialog.returnValue === 'yes');
  }));
}

/**
 * What stands where something could not be loaded. It is tried again by its button, and when the server answers again.
 * @param {string} title @param {any} error @param {() => void} again
 */
export const failure = (title, error, again) => element('div', { class: 'state err', role: 'alert' }, iconElement('err'),
  element('h3', {}, title), element('p', {}, error.message),
  element('button', { class: 'btn', type: 'button', 'data-retry': '', onclick: again }, 'Try again'));

/** @type {HTMLElement | null} */
let tipElement = null;

/** Shows a tooltip beside the pointer (`html` made with `esc`), or hides it. @param {string | null} html @param {number} [x] @param {number} [y] */
export function tip(html, x = 0, y = 0) {
  if (!html) {
    tipElement?.remove();
    tipElement = null;
    return;
  }
  tipElement ??= document.body.appendChild(element('div', { class: 'tip' }));
  tipElement.innerHTML = html;
  const box = tipElement.getBoundingClientRect();
  const below = y + 18 + box.height <= innerHeight;
  tipElement.style.left = `${Math.max(8, Math.min(x + 14, innerWidth - box.width - 8))}px`;
  tipElement.style.top = `${below ? y + 18 : y - box.height - 12}px`;
}

// ---------------------------------------------------------------------------------------------- drawing

/** @type {HTMLElement | undefined} */
let probe;

/** The present colour of a token; a canvas cannot read `light-dark()`. @param {string} token without `--` */
export function color(token) {
  probe ??= document.body.appendChild(element('i', { class: 'probe', hidden: true }));
  probe.style.color = `var(--${token})`;
  return getComputedStyle(probe).color;
}

/** @param {string[]} tokens @returns {Record<string, string>} */
export const palette = tokens => Object.fromEntries(tokens.map(token => [token, color(token)]));

/**
 * Sizes a canvas for the screen's pixels and returns its context, which draws in CSS pixels.
 * @param {HTMLCanvasElement} canvas @param {number} width @param {number} height
 */
export function fit(canvas, width, height) {
  const ratio = devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return context;
}

// ---------------------------------------------------------------------------------------------- theme

const darkSystem = matchMedia('(prefers-color-scheme: dark)');

/** Calls back when the theme changes, by the button, another tab or the system. @param {() => void} callback */
export function onTheme(callback) {
  addEventListener('theme', callback);
  darkSystem.addEventListener('change', callback);
}

/** @param {string} theme */
function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  document.cookie = `theme=${theme}; path=/; max-age=31536000; samesite=lax`;
  dispatchEvent(new Event('theme'));
}

function toggleTheme() {
  const now = document.documentElement.dataset.theme ?? (darkSystem.matches ? 'dark' : 'light');
  const next = now === 'dark' ? 'light' : 'dark';
  setTheme(next);
  localStorage.setItem('theme', next); // other tabs hear of it by the `storage` event
}

addEventListener('storage', event => {
  if (event.key === 'theme' && event.newValue) setTheme(event.newValue);
});

// ---------------------------------------------------------------------------------------------- server

/** An answer of the API that is not a success. */
export class ApiError extends Error {
  /** @param {number} status @param {string} message @param {any} body */
  constructor(status, message, body) {
    super(message);
    this.status = status;
    this.body = body;
  }
}

export const csrfToken = () => document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1] ?? '';

/**
 * Calls the API with the session. @returns {Promise<any>} the body; throws `ApiError` with the server's sentence.
 * @param {string} method @param {string} path below /api/v1 @param {any} [body] sent as JSON @param {RequestInit} [extra]
 */
export const api = (method, path, body, extra) => request(method, `/api/v1${path}`, body, extra);

/**
 * The same with a whole address of this server. @returns {Promise<any>}
 * @param {string} method @param {string} address @param {any} [body] sent as JSON @param {RequestInit} [extra]
 */
export async function request(method, address, body, extra = {}) {
  const headers = { 'X-CSRFToken': csrfToken(), ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) };
  const answer = await fetch(address, {
    method, headers, body: body === undefined ? undefined : JSON.stringify(body), ...extra,
  }).catch(error => {
    if (error.name === 'AbortError') throw error;
    dispatchEvent(new Event('unreachable'));
    throw new ApiError(0, 'The server cannot be reached. Check that it is running, then try again.', null);
  });
  const text = await answer.text();
  const data = answer.headers.get('content-type')?.includes('json') && text ? JSON.parse(text) : null;
  if (answer.ok) return data;
  throw new ApiError(answer.status, data?.error?.message ?? `The server answered ${answer.status}. Reload the page.`, data);
}

// ---------------------------------------------------------------------------------------------- page

/** @param {string} text @param {string} said */
export async function copy(text, said) {
  await navigator.clipboard.writeText(text);
  toast(said);
}

/** Arrow keys move within a tab list, as ARIA asks. @param {KeyboardEvent} event */
function moveTab(event) {
  const list = /** @type {Element} */ (event.target).closest('[role=tablist]');
  if (!list || !/^Arrow(Left|Right)$/.test(event.key)) return;
  const tabs = $$('[role=tab]:not([aria-disabled=true], :disabled)', list);
  const step = event.key === 'ArrowRight' ? 1 : -1;
  const next = tabs[(tabs.indexOf(document.activeElement) + step + tabs.length) % tabs.length];
  next.focus();
  next.click();
}

document.addEventListener('click', event => {
  const target = /** @type {Element} */ (event.target);
  for (const menu of $$('details.menu[open]')) if (!menu.contains(target)) menu.open = false;
  const button = /** @type {any} */ (target.closest('button, a'));
  if (!button) return;
  if (button.matches('[data-theme-toggle]')) toggleTheme();
  if (button.dataset.dialog) openDialog(button.dataset.dialog);
  if (button.matches('[data-close]')) button.closest('dialog').close();
  if (button.dataset.copy) copy(button.dataset.copy, button.dataset.said ?? 'Copied.');
  if (button.matches('[data-press]')) button.setAttribute('aria-pressed', button.getAttribute('aria-pressed') !== 'true');
});

/** Escape closes the menu that is open, unless something above it takes the key. @param {KeyboardEvent} event */
function closeMenu(event) {
  const menu = $('details.menu[open]');
  if (!menu || event.key !== 'Escape' || event.defaultPrevented || $('dialog[open]')) return;
  event.preventDefault();
  menu.open = false;
  if (menu.contains(document.activeElement)) $('summary', menu).focus();
}

addEventListener('keydown', event => {
  moveTab(event);
  closeMenu(event);
});

for (const shown of $$('.toast')) fade(shown);
