// @ts-check
// The composer: documents in, question, policy, limits, what it will take, ask.

import { shelve } from './shelf.js';
import { draw, isBroken, isReady } from './cards.js';
import { $, $$, ApiError, api, element, toast } from './ui.js';
import { Upload, chosenFiles, droppedFiles } from './upload.js';
import { whenRead } from './documents.js';
import { fillOptions, optionsSaid } from './options.js';
import { clock, count, duration, size, usd } from './format.js';

/** @typedef {import('./cards.js').Choice} Choice */

const form = $('#composer');
const mostBytes = Number(form.dataset.mostBytes);
const policies = JSON.parse($('#policies').textContent);
const asked = $('#asked') ? JSON.parse($('#asked').textContent) : null;
/** @type {Choice[]} */
let choices = [];
let askWhenReady = false;

// ---------------------------------------------------------------------------------------------- documents

/** @param {{ file: File, name: string }[]} files */
function addFiles(files) {
  for (const { file, name } of files) {
    if (file.size > mostBytes) {
      fail(`“${name}” has ${size(file.size)}. The most is ${size(mostBytes)}; split it first.`);
      continue;
    }
    const choice = add({ upload: null, document: null });
    choice.upload = new Upload(file, name, () => uploadChanged(choice));
    draw(choice);
    choice.upload.start();
  }
}

/** @param {any} document */
function addDocument(document) {
  if (choices.some(choice => choice.document?.id === document.id)) return;
  const choice = add({ upload: null, document });
  draw(choice);
  watch(choice);
}

/** @param {{ upload: Upload | null, document: any }} part @returns {Choice} */
function add(part) {
  const choice = { ...part, card: element('li', { class: 'doc' }), remove: () => drop(choice) };
  choices.push(choice);
  $('#docs').append(choice.card);
  return choice;
}

/** @param {Choice} choice */
function uploadChanged(choice) {
  const upload = /** @type {Upload} */ (choice.upload);
  if (upload.status === 'done') {
    choice.document = upload.document;
    choice.upload = null;
    if (choices.some(other => other !== choice && other.document?.id === choice.document.id)) {
      toast(`“${choice.document.name}” is already in the list.`);
      drop(choice);
      return;
    }
    watch(choice);
  }
  draw(choice);
}

/** Looks until the document has been read. @param {Choice} choice */
async function watch(choice) {
  try {
    if (choice.document.status === 'processing') choice.document = await whenRead(choice.document.id);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    choice.document = { ...choice.document, status: 'failed', message: error.message };
  }
  draw(choice);
  changed();
}

/** @param {Choice} choice */
function drop(choice) {
  choice.upload?.remove();
  choices = choices.filter(other => other !== choice);
  choice.card.remove();
  changed();
}

const readyIds = () => choices.filter(isReady).map(choice => choice.document.id);

// ---------------------------------------------------------------------------------------------- policy

/** @returns {any} */
const chosenPolicy = () => policies.find(policy => policy.name === $('[name=policy]:checked').value);

/** @param {any} policy */
function fillLimits(policy) {
  const { cost_usd, seconds } = policy.limits;
  $('#usd').value = cost_usd === null ? '' : Number(cost_usd).toFixed(2);
  $('#minutes').value = seconds === null ? '' : String(Math.round(seconds / 6) / 10);
  $('#depth').value = String(policy.max_depth);
  fillOptions(policy);
}

/** A number above zero, null for an empty field, NaN for anything else. @param {string} id */
function amount(id) {
  const text = $(id).value.trim().replace(',', '.');
  return text === '' ? null : Number(text) > 0 ? Number(text) : NaN;
}

/** What to send as policy: its name, or what differs. Throws with the sentence for the reader. */
function policyToSend() {
  const chosen = chosenPolicy();
  const [money, minutes] = [amount('#usd'), amount('#minutes')];
  const depth = Number($('#depth').value.trim() || NaN);
  if (Number.isNaN(money)) throw new FieldError('#usd', 'Enter an amount above 0, or nothing for no limit.');
  if (Number.isNaN(minutes)) throw new FieldError('#minutes', 'Enter minutes above 0, or nothing for no limit.');
  if (!Number.isInteger(depth) || depth < 0 || depth > 8) throw new FieldError('#depth', 'Depth is a whole number from 0 to 8.');
  const before = chosen.policy;
  const options = furtherOptions(before);
  const same = !Object.keys(options).length && depth === before.max_depth
    && money === (before.limits.cost_usd === null ? null : Number(before.limits.cost_usd))
    && minutes === (before.limits.seconds === null ? null : Math.round(before.limits.seconds / 6) / 10);
  if (same) return chosen.name;
  const limits = { ...before.limits, cost_usd: money === null ? null : String(money), seconds: minutes === null ? null : minutes * 60 };
  return { ...before, ...options, name: `${chosen.name} (changed)`, max_depth: depth, limits };
}

/** @param {any} before the chosen policy */
function furtherOptions(before) {
  try {
    return optionsSaid(before);
  } catch {
    throw new FieldError('#o-schema', 'The schema of the answer is not JSON. Check its brackets and quotes.');
  }
}

class FieldError extends Error {
  /** @param {string} field @param {string} message */
  constructor(field, message) {
    super(message);
    this.field = field;
  }
}

// ---------------------------------------------------------------------------------------------- pre-flight

let estimating = 0;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let estimateTimer;

/** Something that the estimate or a waiting question depends on has changed. */
function changed() {
  clearTimeout(estimateTimer);
  estimateTimer = setTimeout(estimate, 200);
  if (askWhenReady) ask();
}

async function estimate() {
  const mine = ++estimating;
  const ids = readyIds();
  if (!ids.length) {
    $('#flight').replaceChildren(element('span', { class: 'muted' }, choices.length ? 'Waiting for the documents.' : 'Add a document, then ask.'));
    return;
  }
  try {
    const told = await api('POST', '/estimate', { documents: ids, policy: policyToSend() });
    if (mine === estimating) showEstimate(told);
  } catch (error) {
    if (!(error instanceof FieldError || error instanceof ApiError)) throw error;
    if (mine === estimating) $('#flight').replaceChildren(element('span', { class: 'muted' }, error.message));
  }
}

/** @param {any} told */
function showEstimate(told) {
  const parts = [element('span', {}, 'Context ', element('b', {}, `${count(told.tokens)} tokens`))];
  if (told.window) {
    const times = told.tokens / told.window;
    const boxes = element('span', { class: 'ratio', 'aria-hidden': 'true' }, ...Array.from({ length: Math.min(12, Math.max(1, Math.ceil(times))) }, () => element('i')));
    const said = times > 1 ? `${times >= 10 ? Math.round(times) : times.toFixed(1)} × too large to send whole` : 'would fit whole';
    parts.push(element('span', {}, 'Model window ', element('b', {}, count(told.window)), ' ', boxes, ' ', element('span', { class: 'muted' }, said)));
  }
  const figures = [range(told.usd_low, told.usd_high, usd), range(told.seconds_low, told.seconds_high, minutesOrSeconds)].filter(Boolean);
  parts.push(element('span', {}, figures.length ? 'Estimate ' : '', figures.length ? element('b', {}, figures.join(', ')) : '', ' ', element('span', { class: 'muted' }, told.basis)));
  $('#flight').replaceChildren(...parts);
}

/** @param {any} low @param {any} high @param {(value: any) => string} words */
function range(low, high, words) {
  if (low === null || low === undefined) return '';
  const [first, last] = [words(low), words(high)];
  return first === last ? first : `${first}–${last.replace('$', '')}`;
}

/** @param {number} seconds */
const minutesOrSeconds = seconds => (seconds < 60 ? duration(seconds) : `${clock(seconds)} min`);

// ---------------------------------------------------------------------------------------------- asking

/** @param {string} message @param {string} [field] */
function fail(message, field) {
  askWhenReady = false;
  const shown = $('#form-error');
  shown.textContent = message;
  shown.hidden = false;
  for (const marked of $$('[aria-invalid]', form)) marked.removeAttribute('aria-invalid');
  if (!field) return;
  $(field).setAttribute('aria-invalid', 'true');
  $(field).setAttribute('aria-describedby', 'form-error');
  $(field).focus();
}

function forgetError() {
  $('#form-error').hidden = true;
  for (const marked of $$('[aria-invalid]', form)) marked.removeAttribute('aria-invalid');
}

async function ask() {
  forgetError();
  const question = $('#q').value.trim();
  if (!choices.length) return fail('Add a document first.');
  if (!question) return fail('Write a question first.', '#q');
  const broken = choices.find(isBroken);
  if (broken) return fail(`“${broken.document?.name ?? broken.upload?.name}” cannot be used. Remove it, then ask.`);
  askWhenReady = !choices.every(isReady);
  if (askWhenReady) {
    $('#flight').replaceChildren(element('span', { class: 'muted' }, 'Asks as soon as every document is ready.'));
    return undefined;
  }
  const button = $('[type=submit]', form);
  button.disabled = true;
  try {
    const run = await api('POST', '/runs', { question, documents: readyIds(), policy: policyToSend() });
    location.assign(`/runs/${run.id}`);
  } catch (error) {
    button.disabled = false;
    if (!(error instanceof FieldError || error instanceof ApiError)) throw error;
    fail(error.message, error instanceof FieldError ? error.field : undefined);
  }
  return undefined;
}

// ---------------------------------------------------------------------------------------------- samples, pasting

/** @param {HTMLElement} button */
async function trySample(button) {
  try {
    addDocument(await api('POST', `/samples/${button.dataset.sample}`));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    toast(error.message);
    return;
  }
  $('#q').value = button.dataset.question;
  $('#q').focus({ preventScroll: true });
  form.scrollIntoView({ block: 'start' });
}

/** @param {SubmitEvent} event */
async function paste(event) {
  event.preventDefault();
  const [name, text, error] = [$('#paste-name'), $('#paste-text'), $('#paste-error')];
  try {
    addDocument(await api('POST', '/documents', { name: name.value.trim() || 'Pasted text', text: text.value }));
    text.value = '';
    error.hidden = true;
    $('#paste').close();
  } catch (problem) {
    if (!(problem instanceof ApiError)) throw problem;
    error.textContent = problem.message;
    error.hidden = false;
  }
}

// ---------------------------------------------------------------------------------------------- wiring

const zone = $('[data-drop]');
for (const kind of ['dragenter', 'dragover']) {
  addEventListener(kind, event => {
    event.preventDefault();
    zone.classList.add('over');
  });
}
addEventListener('dragleave', event => {
  if (!event.relatedTarget) zone.classList.remove('over');
});
addEventListener('drop', async event => {
  event.preventDefault();
  zone.classList.remove('over');
  if (event.dataTransfer) addFiles(await droppedFiles(event.dataTransfer));
});
for (const button of $$('[data-choose]')) button.addEventListener('click', () => $(`#${button.dataset.choose}`).click());
for (const id of ['#files', '#folder']) {
  $(id).addEventListener('change', () => {
    addFiles(chosenFiles($(id).files));
    $(id).value = '';
  });
}
form.addEventListener('submit', event => {
  event.preventDefault();
  ask();
});
$('#q').addEventListener('keydown', event => {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) form.requestSubmit();
});
for (const radio of $$('[name=policy]')) {
  radio.addEventListener('change', () => {
    fillLimits(chosenPolicy().policy);
    $('#policy-note').textContent = chosenPolicy().description;
    forgetError();
    changed();
  });
}
for (const id of ['#usd', '#minutes', '#depth']) $(id).addEventListener('input', changed);
for (const button of $$('[data-sample]')) button.addEventListener('click', () => trySample(button));
$('#paste-form').addEventListener('submit', paste);
shelve(addDocument);
addEventListener('beforeunload', event => {
  if (choices.some(choice => choice.upload && ['sending', 'waiting', 'queued'].includes(choice.upload.status))) event.preventDefault();
});

for (const field of $$('select, input, textarea', $('#more-opts'))) field.addEventListener('change', changed);

fillLimits(asked ?? chosenPolicy().policy);
for (const document of JSON.parse($('#chosen').textContent)) addDocument(document);
changed();
