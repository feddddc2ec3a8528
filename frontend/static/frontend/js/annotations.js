// @ts-check
// What the owner noted on this run: fetched once, changed through the API. Whoever shows it hears of every change.
import { fetchData, place } from './place.js';
import { api, request } from './ui.js';

/**
 * @typedef {{
 *   id: string, node: number | null, text: string | null, start: number | null, end: number | null,
 *   thumb: 'up' | 'down' | null, comment: string, created_at: string, updated_at: string,
 * }} Annotation  start, end: characters of the text of that name; node null: the run as a whole
 * @typedef {{ node: number | null, text?: string, start?: number, end?: number }} Target
 */

/** @type {Annotation[]} oldest first */
let known = [];
/** @type {(() => void)[]} */
const listeners = [];
/** How often something was changed from here. */
let changes = 0;

/** @param {() => void} listener called after each change */
export const onAnnotations = listener => { listeners.push(listener); };

/** @param {Annotation[]} now */
function become(now) {
  known = now;
  for (const listener of listeners) listener();
}

/** What was changed while the list was on its way may not be in it yet: then it is fetched once more. */
export async function loadAnnotations() {
  const before = changes;
  const { items } = await fetchData('annotations');
  if (changes !== before) return loadAnnotations();
  become(items);
}

/** @param {Annotation[]} now */
function changed(now) {
  changes += 1;
  become(now);
}

/** Those of a node, or of the run as a whole. @param {number | null} node */
export const ofNode = node => known.filter(each => each.node === node);

/** Those that point into a text. @param {number | null} node @param {string} text */
export const ofText = (node, text) => known.filter(each => each.node === node && each.text === text);

/** @param {number | null} node */
export const thumbOf = node => known.find(each => each.node === node && each.start === null && each.thumb)?.thumb ?? null;

/** `up`, `down`, `note` or nothing: what a row of the tree says of its node. @param {number} node */
export const signOf = node => thumbOf(node) ?? (known.some(each => each.node === node) ? 'note' : '');

/** @param {Target & { thumb?: 'up' | 'down', comment?: string }} body */
export async function add(body) {
  const made = await request('POST', `${place.data}/annotations`, body);
  const others = body.thumb && made.start === null ? known.flatMap(each => withoutThumb(each, made.node)) : known;
  changed([...others, made]);
  return made;
}

/** A target has one thumb: a later one takes the place of an earlier one. @param {Annotation} each @param {number | null} node */
function withoutThumb(each, node) {
  if (each.node !== node || each.start !== null || !each.thumb) return [each];
  return each.comment ? [{ ...each, thumb: null }] : [];
}

/** @param {string} id @param {{ thumb?: 'up' | 'down' | null, comment?: string }} body */
export async function change(id, body) {
  const made = await api('PATCH', `/annotations/${id}`, body);
  changed(known.map(each => (each.id === id ? made : each)));
}

/** @param {string} id */
export async function remove(id) {
  await api('DELETE', `/annotations/${id}`);
  changed(known.filter(each => each.id !== id));
}

/** Puts a thumb on a target, or takes it away when it is there already. @param {number | null} node @param {'up' | 'down'} thumb */
export async function toggleThumb(node, thumb) {
  const there = known.find(each => each.node === node && each.start === null && each.thumb);
  if (there?.thumb !== thumb) return add({ node, thumb });
  return there.comment ? change(there.id, { thumb: null }) : remove(there.id);
}
