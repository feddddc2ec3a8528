// @ts-check
// The editor of a policy: fills the form from the policy, adds and removes gates, and writes what the form says.
import { $, $$, ApiError, api, element, iconElement } from './ui.js';

const form = /** @type {HTMLFormElement} */ ($('#policy-editor'));
const body = JSON.parse($('#policy-body').textContent);
/** @typedef {{ name: string, title: string, says: string, places: string[], options: Record<string, any>, free: boolean }} Gate */
/** @type {Map<string, Gate>} */
const known = new Map(JSON.parse($('#gates-known').textContent).map((/** @type {Gate} */ gate) => [gate.name, gate]));
const PLAIN = ['max_depth', 'max_steps', 'concurrency', 'cell_seconds', 'profile', 'exploration'];
const NUMBERS = new Set(['max_depth', 'max_steps', 'concurrency', 'cell_seconds']);
const PLACE_WORDS = /** @type {Record<string, string>} */ ({ call: 'replies of calls', answer: 'the answer', cell: 'what a cell printed' });

/** @param {string} text @returns {number} */
const number = text => Number(text.trim().replace(',', '.'));
/** @param {string} text */
const words = text => text.split(/[\s,]+/).filter(Boolean);
/** @param {Iterable<[string, any]>} pairs those without a value left out */
const filled = pairs => Object.fromEntries([...pairs].filter(([, value]) => value !== '' && value !== null));

// ---------------------------------------------------------------------------------------------- filling

function fill() {
  const fields = /** @type {any} */ (form.elements);
  for (const name of PLAIN) fields[name].value = body[name];
  fields.tell_budget.checked = body.tell_budget;
  for (const field of $$('[data-model]', form)) field.value = body.models[field.dataset.model] ?? '';
  for (const field of $$('[data-tier]', form)) field.value = body.tiers[field.dataset.tier] ?? '';
  for (const row of $$('[data-routing]', form)) fillRouting(row, body.routing[row.dataset.routing] ?? { kind: 'fixed', tiers: [], up_to: [] });
  for (const gate of body.gates) addGate(gate);
  for (const field of $$('[data-stop]', form)) field.value = body.early_stopping[field.dataset.stop];
  for (const field of $$('[data-rule]', form)) field.checked = body.early_stopping.rules.includes(field.dataset.rule);
  const compaction = body.compaction ?? { part: 0.6, keep_turns: 3 };
  $('[data-compact=on]').value = body.compaction ? 'yes' : 'no';
  $('[data-compact=part]').value = String(Math.round(compaction.part * 100));
  $('[data-compact=keep_turns]').value = String(compaction.keep_turns);
  for (const field of $$('[data-limit]', form)) {
    const [scope, limit] = field.dataset.limit.split('.');
    field.value = body[scope][limit] ?? '';
  }
  for (const field of $$('[data-failure]', form)) field.value = (body.failures[field.dataset.failure] ?? []).join(' ');
  for (const field of $$('[data-tool]', form)) field.checked = body.tools.includes(field.dataset.tool);
  $('#e-schema').value = body.answer_schema ? JSON.stringify(body.answer_schema, null, 2) : '';
  if (body.answer_schema || body.tools.length || Object.keys(body.failures).length) $('#e-more').open = true;
}

/** @param {HTMLElement} row @param {{ kind: string, tiers: string[], up_to: number[] }} routing */
function fillRouting(row, routing) {
  const part = (/** @type {string} */ name) => $(`[data-part=${name}]`, row);
  part('kind').value = routing.kind;
  part('tiers').value = routing.tiers.join(' ');
  part('up_to').value = routing.up_to.join(' ');
  const adapt = () => {
    part('tiers').disabled = part('kind').value === 'fixed';
    part('up_to').disabled = part('kind').value !== 'by_size';
  };
  part('kind').addEventListener('change', adapt);
  adapt();
}

// ---------------------------------------------------------------------------------------------- gates

let gateNumber = 0;

/** @param {any} given a gate as a policy names it */
function addGate(given) {
  const gate = known.get(given.gate);
  if (!gate) return;
  gateNumber += 1;
  const id = `gate-${gateNumber}`;
  const place = element('select', { class: 'input', id: `${id}-on`, 'data-gate-on': '' },
    ...gate.places.map(each => element('option', { value: each, selected: each === given.on }, PLACE_WORDS[each])));
  const options = Object.entries(gate.options).map(([name, shape]) => optionField(id, name, shape, given[name]));
  const remove = element('button', {
    class: 'btn ghost icon sm', type: 'button', 'aria-label': `Remove ${gate.title}`,
    onclick: () => { row.remove(); $('#gate-add').focus(); },
  }, iconElement('trash'));
  const row = element('li', { 'data-gate': gate.name },
    element('div', { class: 'grow stack tight' },
      element('h3', {}, gate.title, gate.free ? null : element('span', { class: 'chip sq' }, 'asks a model')),
      element('p', { class: 'small soft' }, gate.says),
      element('div', { class: 'row wrap gate-options' },
        element('div', { class: 'field' }, element('label', { for: `${id}-on` }, 'Judges'), place), ...options)),
    remove);
  $('#gates-list').append(row);
}

/** @param {string} id @param {string} name @param {any} shape its JSON Schema @param {any} value */
function optionField(id, name, shape, value) {
  const label = name.replaceAll('_', ' ');
  if (shape.type === 'boolean') {
    const box = element('input', { type: 'checkbox', 'data-option': name, 'data-type': 'boolean' });
    box.checked = Boolean(value);
    return element('label', { class: 'check', title: shape.description ?? '' }, box, element('span', {}, label));
  }
  const long = shape.type === 'object' || shape.maxLength > 1000;
  const shown = value === undefined ? '' : shape.type === 'object' ? JSON.stringify(value) : String(value);
  const field = element(long ? 'textarea' : 'input', {
    class: `input${shape.type === 'object' ? ' mono' : ''}`, id: `${id}-${name}`, 'data-option': name, 'data-type': shape.type, rows: long ? 3 : null,
    inputmode: shape.type === 'integer' ? 'numeric' : shape.type === 'number' ? 'decimal' : null, autocomplete: 'off',
  });
  field.value = shown;
  return element('div', { class: `field${long ? ' wide-field' : ''}` },
    element('label', { for: `${id}-${name}` }, label, shape.description ? element('span', { class: 'muted' }, `, ${shape.description}`) : null), field);
}

/** @returns {any[]} */
function gatesSaid() {
  return $$('[data-gate]', form).map((/** @type {HTMLElement} */ row) => ({
    gate: row.dataset.gate, on: $('[data-gate-on]', row).value,
    ...filled($$('[data-option]', row).map((/** @type {any} */ field) => [field.dataset.option, optionSaid(field)])),
  }));
}

/** @param {any} field @returns {any} '' for one that is left open */
function optionSaid(field) {
  if (field.dataset.type === 'boolean') return field.checked || '';
  const text = field.value.trim();
  if (text === '' || field.dataset.type === 'string') return text;
  return field.dataset.type === 'object' ? parsed(text, 'The schema of a gate') : number(text);
}

// ---------------------------------------------------------------------------------------------- saving

/** @param {string} text @param {string} what */
function parsed(text, what) {
  try {
    return JSON.parse(text);
  } catch {
    throw new ApiError(0, `${what} is not JSON. Check its brackets and quotes.`, null);
  }
}

function said() {
  const fields = /** @type {any} */ (form.elements);
  const value = (/** @type {string} */ selector) => $(selector).value;
  const schema = value('#e-schema').trim();
  return {
    ...Object.fromEntries(PLAIN.map(name => [name, NUMBERS.has(name) ? number(fields[name].value) : fields[name].value])),
    tell_budget: fields.tell_budget.checked,
    models: Object.fromEntries($$('[data-model]', form).map((/** @type {any} */ field) => [field.dataset.model, field.value.trim() || null])),
    tiers: Object.fromEntries($$('[data-tier]', form).map((/** @type {any} */ field) => [field.dataset.tier, field.value.trim() || null])),
    routing: Object.fromEntries($$('[data-routing]', form).map((/** @type {HTMLElement} */ row) => [row.dataset.routing, routingSaid(row)])),
    gates: gatesSaid(),
    early_stopping: {
      mode: value('[data-stop=mode]'), patience: number(value('[data-stop=patience]')),
      rules: $$('[data-rule]:checked', form).map((/** @type {any} */ field) => field.dataset.rule),
    },
    compaction: value('[data-compact=on]') === 'no' ? null
      : { part: number(value('[data-compact=part]')) / 100, keep_turns: number(value('[data-compact=keep_turns]')) },
    limits: limitsSaid('limits'),
    subtree_limits: limitsSaid('subtree_limits'),
    failures: filled($$('[data-failure]', form).map((/** @type {any} */ field) => [field.dataset.failure, words(field.value).length ? words(field.value) : null])),
    tools: $$('[data-tool]:checked', form).map((/** @type {any} */ field) => field.dataset.tool),
    answer_schema: schema ? parsed(schema, 'The schema of the answer') : null,
  };
}

/** @param {HTMLElement} row */
function routingSaid(row) {
  const part = (/** @type {string} */ name) => $(`[data-part=${name}]`, row).value;
  if (part('kind') === 'fixed') return null;
  return { kind: part('kind'), tiers: words(part('tiers').toUpperCase()), up_to: part('kind') === 'by_size' ? words(part('up_to')).map(number) : [] };
}

/** @param {string} scope */
function limitsSaid(scope) {
  return Object.fromEntries($$(`[data-limit^="${scope}."]`, form).map((/** @type {any} */ field) => {
    const limit = field.dataset.limit.split('.')[1];
    const text = field.value.trim().replace(',', '.');
    return [limit, text === '' ? null : limit === 'cost_usd' ? text : Number(text)];
  }));
}

form.addEventListener('submit', async event => {
  event.preventDefault();
  const shown = $('.form-error', form);
  const button = $('button.primary', form);
  button.disabled = true;
  try {
    const name = /** @type {any} */ (form.elements).name.value.trim();
    await api('PUT', `/policies/${encodeURIComponent(form.dataset.name || name)}`, said());
    location.assign('/settings/policies');
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    shown.textContent = error.message;
    shown.hidden = false;
    shown.scrollIntoView({ block: 'center' });
    button.disabled = false;
  }
});
$('#gate-add').addEventListener('click', () => {
  addGate({ gate: $('#e-gate-add').value });
  const rows = $$('[data-gate]', form);
  $('select, input', rows.at(-1)).focus();
});
fill();
