// @ts-check
// The command palette: pages, runs, documents and what can be done here, found by some letters of their names.
import { keyWords, possible } from './actions.js';
import { match } from './fuzzy.js';
import { $, $$, ApiError, element, iconElement, request } from './ui.js';

/**
 * @typedef {{ words: string, group: string, icon: string, aside?: string, key?: string, href?: string, run?: () => void }} Item
 * @typedef {{ item: Item, score: number, at: number[] }} Hit
 * @typedef {{ label: string, address: string, aside: string, pinned?: boolean }} Told
 */

const MOST = 14;
const MOST_OF_A_GROUP = /** @type {Record<string, number>} */ ({ 'Go to': 16 });
const MOST_OTHERWISE = 5;
/** Of the best hit's score; what is worse has its letters here and there. */
const GOOD = 0.5;
const SEARCH_FROM = 2;
const SEARCH_AFTER = 140;
const HERE = 'On this page';
const EVERYWHERE = 'Everywhere';

/** @type {Item[]} pages, runs and documents as the server told them last */
let known = [];
/** @type {Item[]} what it found for the words typed */
let found = [];
/** @type {Hit[]} as shown, in order */
let shown = [];
let active = 0;
let searched = '';
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
/** Until the server told what there is, for the first time on this page. @type {Promise<void> | null} */
let waiting = null;

/** Whose page this is: on a shared page there is nothing else to go to. */
const address = () => /** @type {HTMLElement | null} */ ($('[data-palette]'))?.dataset.palette;

/** @param {string} [typed] */
export function openPalette(typed = '') {
  const dialog = $('#palette') ?? build();
  const input = $('#palette-q');
  if (!dialog.open) dialog.showModal();
  input.value = typed;
  input.focus();
  find();
  if (!address()) return;
  const told = tellKnown();
  if (!known.length) waiting = told.finally(() => { waiting = null; });
}

function build() {
  const input = element('input', {
    class: 'input', id: 'palette-q', type: 'text', role: 'combobox', 'aria-label': 'Go to anything, do anything', maxlength: 200,
    'aria-expanded': 'true', 'aria-controls': 'palette-list', 'aria-autocomplete': 'list', autocomplete: 'off', spellcheck: 'false',
    placeholder: address() ? 'Run, document, page or action' : 'Action', oninput: typed, onkeydown: key,
  });
  const list = element('div', { id: 'palette-list', role: 'listbox', 'aria-label': 'Found', onclick: clicked, onmousemove: pointed });
  const dialog = element('dialog', { id: 'palette', class: 'palette', 'aria-label': 'Command palette' },
    element('div', { class: 'palette-q' }, iconElement('find'), input, element('kbd', {}, 'Esc')),
    list, element('p', { class: 'sr', role: 'status', id: 'palette-said' }));
  dialog.addEventListener('click', (/** @type {Event} */ event) => { if (event.target === dialog) dialog.close(); });
  document.body.append(dialog);
  return dialog;
}

// ---------------------------------------------------------------------------------------------- what there is

/** @returns {Item[]} */
const actionItems = () => possible().map(action => ({
  words: action.words, group: action.group === EVERYWHERE ? EVERYWHERE : HERE, icon: action.icon ?? 'play',
  key: keyWords(action), run: () => action.run(),
}));

async function tellKnown() {
  const told = await ask('');
  if (!told) return;
  const run = (/** @type {Told} */ each) => ({ words: each.label, group: each.pinned ? 'Pinned runs' : 'Recent runs', icon: each.pinned ? 'pin' : 'lm', aside: each.aside, href: each.address });
  known = [
    ...told.runs.map(run),
    ...told.pages.map((/** @type {Told} */ each) => ({ words: each.label, group: 'Go to', icon: 'chev', href: each.address })),
    ...told.documents.map(ofDocument),
  ];
  show();
}

/** @param {Told} each @returns {Item} */
const ofDocument = each => ({ words: each.label, group: 'Documents', icon: 'doc', aside: each.aside, href: each.address });

/** What the server says for these words; null when it cannot be asked. @param {string} words */
async function ask(words) {
  try {
    return await request('GET', `${address()}?q=${encodeURIComponent(words)}`);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return null;
  }
}

// ---------------------------------------------------------------------------------------------- finding

function typed() {
  active = 0;
  find();
}

function find() {
  const words = $('#palette-q').value.trim();
  clearTimeout(timer);
  if (words !== searched) found = [];
  searched = words;
  show();
  if (address() && words.length >= SEARCH_FROM) timer = setTimeout(() => search(words), SEARCH_AFTER);
}

/** Looks through all runs and documents on the server. @param {string} words */
async function search(words) {
  const told = await ask(words);
  if (!told || words !== searched) return;
  const here = new Set(shown.map(({ item }) => item.href));
  found = [
    ...told.runs.map((/** @type {Told} */ each) => ({ words: each.label, group: 'Found in runs', icon: 'lm', aside: each.aside, href: each.address })),
    ...told.documents.map(ofDocument),
  ].filter(item => !here.has(item.href));
  show();
}

/** The best hits, group by group. @param {string} words @returns {Hit[]} */
function hits(words) {
  const actions = actionItems();
  const items = [...actions.filter(({ group }) => group === HERE), ...known, ...actions.filter(({ group }) => group !== HERE)];
  if (!words) return grouped(items.map(item => ({ item, score: 0, at: [] })), group => MOST_OF_A_GROUP[group] ?? MOST_OTHERWISE);
  const matching = items.flatMap(item => {
    const hit = match(words, item.words);
    return hit ? [{ item, ...hit }] : [];
  });
  matching.sort((one, other) => other.score - one.score);
  const good = matching.filter(({ score }) => score >= matching[0].score * GOOD).slice(0, MOST);
  const all = [...grouped(good, () => MOST), ...found.map(item => ({ item, score: 0, at: [] }))];
  return address() ? [...all, { item: searchItem(words), score: 0, at: [] }] : all;
}

/** @param {string} words @returns {Item} */
const searchItem = words => ({ words: `Search runs for “${words}”`, group: 'Search', icon: 'find', href: `${$('[data-palette]').action}?q=${encodeURIComponent(words)}` });

/** Hits of one group stand together; the group of the best hit comes first. @param {Hit[]} all @param {(group: string) => number} most of each group */
function grouped(all, most) {
  /** @type {Map<string, Hit[]>} */
  const groups = new Map();
  for (const hit of all) groups.set(hit.item.group, [...groups.get(hit.item.group) ?? [], hit]);
  return [...groups].flatMap(([group, its]) => its.slice(0, most(group)));
}

// ---------------------------------------------------------------------------------------------- drawing

function show() {
  if (!$('#palette')?.open) return;
  shown = hits(searched);
  active = Math.max(0, Math.min(active, shown.length - 1));
  const groups = /** @type {Map<string, HTMLElement>} */ (new Map());
  shown.forEach((hit, index) => {
    const { group } = hit.item;
    if (!groups.has(group)) groups.set(group, element('div', { role: 'group', 'aria-label': group }, element('div', { class: 'palette-g', 'aria-hidden': 'true' }, group)));
    groups.get(group)?.append(option(hit, index));
  });
  $('#palette-list').replaceChildren(...groups.values());
  if (!shown.length) $('#palette-list').append(element('p', { class: 'muted small palette-none' }, 'Nothing of this name here.'));
  $('#palette-said').textContent = `${shown.length} found`;
  point(active);
}

/** @param {Hit} hit @param {number} index */
function option({ item, at }, index) {
  return element('div', { role: 'option', id: `palette-${index}`, 'data-index': index, 'aria-selected': 'false' },
    iconElement(item.icon), element('span', { class: 'trunc' }, ...lettered(item.words, at)),
    item.aside ? element('span', { class: 'muted small nw' }, item.aside) : null,
    item.key ? element('kbd', {}, item.key) : null);
}

/** The words with the letters typed in bold. @param {string} words @param {number[]} at */
function lettered(words, at) {
  const bold = new Set(at);
  /** @type {(Node | string)[]} */
  const parts = [];
  let [plain, strong] = ['', ''];
  const flush = () => {
    if (plain) parts.push(plain);
    if (strong) parts.push(element('b', {}, strong));
    [plain, strong] = ['', ''];
  };
  [...words].forEach((letter, index) => {
    if (bold.has(index) !== Boolean(strong)) flush();
    if (bold.has(index)) strong += letter;
    else plain += letter;
  });
  flush();
  return parts;
}

/** @param {number} index */
function point(index) {
  active = index;
  for (const line of $$('#palette-list [role=option]')) line.setAttribute('aria-selected', String(Number(line.dataset.index) === index));
  const line = $(`#palette-${index}`);
  if (line) $('#palette-q').setAttribute('aria-activedescendant', line.id);
  else $('#palette-q').removeAttribute('aria-activedescendant');
  line?.scrollIntoView({ block: 'nearest' });
}

// ---------------------------------------------------------------------------------------------- choosing

/** @param {KeyboardEvent} event */
function key(event) {
  const steps = /** @type {Record<string, number>} */ ({ ArrowDown: 1, ArrowUp: -1, PageDown: 6, PageUp: -6 });
  const step = steps[event.key];
  if (step && shown.length) {
    event.preventDefault();
    const next = active + step;
    point(Math.abs(step) === 1 ? (next + shown.length) % shown.length : Math.max(0, Math.min(shown.length - 1, next)));
  } else if (event.key === 'Enter' && !event.isComposing) {
    event.preventDefault();
    chooseActive(event.ctrlKey || event.metaKey);
  }
}

/** Who types faster than the server answers means the best of all there is, not the best of what stands there already. @param {boolean} elsewhere */
async function chooseActive(elsewhere) {
  if (waiting && active === 0) await waiting;
  if ($('#palette')?.open) choose(shown[active]?.item, elsewhere);
}

/** @param {MouseEvent} event */
function pointed(event) {
  const line = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest('[data-index]'));
  if (line && Number(line.dataset.index) !== active) point(Number(line.dataset.index));
}

/** @param {MouseEvent} event */
function clicked(event) {
  const line = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest('[data-index]'));
  if (line) choose(shown[Number(line.dataset.index)].item, event.ctrlKey || event.metaKey);
}

/** @param {Item | undefined} item @param {boolean} elsewhere in a new tab */
function choose(item, elsewhere) {
  if (!item) return;
  $('#palette').close();
  if (!item.href) item.run?.();
  else if (elsewhere) open(item.href, '_blank');
  else location.assign(item.href);
}
