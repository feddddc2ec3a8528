// @ts-check
// The cards of the chosen documents: how far an upload is, what is known of a document.

import { $, element, iconElement } from './ui.js';
import { count, duration, size } from './format.js';

/** @typedef {import('./upload.js').Upload} Upload */

/**
 * A chosen document: on its way in (`upload`), or there (`document`).
 * @typedef {{ upload: Upload | null, document: any, card: HTMLElement, remove: () => void }} Choice
 */

/** @param {Choice} choice */
export const isBroken = choice => choice.upload?.status === 'failed' || choice.document?.status === 'failed';
/** @param {Choice} choice */
export const isReady = choice => choice.document?.status === 'ready';

/** The card made anew when the choice's state has changed; while bytes flow only its figures change, so that its buttons
 * keep focus and clicks. @param {Choice} choice */
export function draw(choice) {
  const state = choice.upload?.status ?? choice.document?.status;
  if (state === 'sending' && choice.card.dataset.state === state) tellProgress(choice);
  else drawCard(choice);
  choice.card.dataset.state = state;
}

/** @param {Choice} choice */
function drawCard(choice) {
  const { upload, document, card } = choice;
  const name = document?.name ?? upload?.name ?? '';
  const remove = element('button', {
    class: 'btn ghost icon', type: 'button', 'aria-label': `Remove ${name}`,
    onclick: () => choice.remove(),
  }, iconElement('x'));
  const title = document
    ? element('a', { class: 'name trunc', href: `/documents/${document.id}`, title: name }, name)
    : element('span', { class: 'name trunc', title: name }, name);
  card.className = `doc${isBroken(choice) ? ' bad' : ''}`;
  const row = element('div', { class: 'row' }, iconElement(isBroken(choice) ? 'err' : 'doc'), title, upload ? pauseButton(upload) : null, remove);
  card.replaceChildren(row, ...(upload ? uploadLines(upload) : documentLines(document)));
}

/** @param {Upload} upload */
function pauseButton(upload) {
  const stopped = upload.status === 'paused' || upload.status === 'failed';
  return element('button', {
    class: 'btn ghost icon', type: 'button', 'aria-label': `${stopped ? 'Resume' : 'Pause'} ${upload.name}`,
    onclick: () => (stopped ? upload.start() : upload.pause()),
  }, iconElement(stopped ? 'play' : 'pause'));
}

/** @param {Upload} upload */
const percentOf = upload => (upload.file.size ? Math.floor(100 * upload.sent / upload.file.size) : 100);

/** @param {Upload} upload */
function progressWords(upload) {
  const { file, status, speed, secondsLeft } = upload;
  const percent = percentOf(upload);
  const flow = [speed ? `${size(speed)}/s` : '', secondsLeft ? `${duration(secondsLeft)} left` : ''];
  return {
    queued: `${size(file.size)} · waiting`,
    sending: [`${percent} % of ${size(file.size)}`, ...flow].filter(Boolean).join(' · '),
    waiting: `${percent} % · ${upload.error}`,
    paused: `Paused at ${percent} % of ${size(file.size)}`,
    failed: upload.error,
  }[/** @type {string} */ (status)] ?? '';
}

/** @param {Choice} choice */
function tellProgress({ upload, card }) {
  if (!upload) return;
  const percent = percentOf(upload);
  $('.meta', card).textContent = progressWords(upload);
  $('.meter', card).setAttribute('aria-valuenow', percent);
  $('.meter i', card).style.width = `${percent}%`;
}

/** @param {Upload} upload */
function uploadLines(upload) {
  const percent = percentOf(upload);
  const said = progressWords(upload);
  const bar = element('i');
  bar.style.width = `${percent}%`;
  const meter = element('div', {
    class: 'meter', role: 'progressbar', 'aria-valuenow': percent, 'aria-valuemin': 0, 'aria-valuemax': 100,
    'aria-label': `Upload of ${upload.name}`,
  }, bar);
  return [element('span', { class: 'meta', title: said }, said), meter];
}

/** @param {any} document */
function documentLines(document) {
  if (document.status === 'processing') {
    return [element('span', { class: 'meta' }, `${size(document.bytes)} · being read`), element('div', { class: 'skel thin' })];
  }
  if (document.status === 'failed') return [element('span', { class: 'meta wrap' }, document.message || 'It could not be read.')];
  const warnings = document.warnings ?? [];
  return [
    element('span', { class: 'meta trunc' }, `${count(document.chars)} chars · ${count(document.tokens)} tokens`),
    warnings.length ? element('span', { class: 'meta warn trunc', title: warnings.join('\n') }, warnings.length > 1 ? `${warnings.length} warnings: ${warnings[0]}` : warnings[0]) : null,
  ].filter(Boolean);
}
