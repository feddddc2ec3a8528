// @ts-check
// Settings: forms in dialogs that write through the API, then show the page as the server has it.

import { $, $$, ApiError, api, confirmDialog, toast } from './ui.js';

/** @param {HTMLFormElement} form @param {() => Promise<any>} write */
async function save(form, write) {
  const shown = $('.form-error', form);
  const button = $('button.primary', form);
  button.disabled = true;
  try {
    await write();
    location.reload();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    shown.textContent = error.message;
    shown.hidden = false;
    button.disabled = false;
  }
}

/** Opens a dialog with its form emptied. @param {string} id @param {string} title @param {Record<string, any>} values */
function openForm(id, title, values) {
  const form = $(`#${id}-form`);
  form.reset();
  $('.form-error', form).hidden = true;
  $(`#${id}-t`).textContent = title;
  for (const [name, value] of Object.entries(values)) if (form.elements[name]) form.elements[name].value = value ?? '';
  $(`#${id}`).showModal();
  return form;
}

/** @param {HTMLElement} button @param {string} title @param {string} text @param {string} path */
async function removeAt(button, title, text, path) {
  if (!(await confirmDialog({ title, text, action: 'Delete' }))) return;
  try {
    await api('DELETE', path);
    location.reload();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    toast(error.message);
    button.focus();
  }
}

/** @param {string} form id of the form @param {(form: any) => Promise<any>} write */
function onSave(form, write) {
  const element = $(`#${form}`);
  element?.addEventListener('submit', event => {
    event.preventDefault();
    save(element, () => write(element));
  });
}

$('.side [aria-current]').scrollIntoView({ block: 'nearest', inline: 'center' });

// ---------------------------------------------------------------------------------------------- connections

let editedConnection = '';

for (const button of $$('[data-edit-connection]')) {
  button.addEventListener('click', () => {
    const row = button.closest('[data-connection]');
    editedConnection = row?.dataset.connection ?? '';
    const values = row ? { name: editedConnection, provider: row.dataset.provider, base_url: row.dataset.baseUrl, concurrency: row.dataset.concurrency } : {};
    const form = openForm('connection', row ? `Edit ${editedConnection}` : 'Add a connection', values);
    form.elements.api_key.placeholder = row ? 'leave empty to keep the key' : '';
  });
}
onSave('connection-form', ({ elements }) => {
  const body = { name: elements.name.value.trim(), provider: elements.provider.value, base_url: elements.base_url.value.trim(), concurrency: Number(elements.concurrency.value.replace(/\D/g, '')) };
  const key = elements.api_key.value.trim();
  if (!editedConnection) return api('POST', '/connections', { ...body, api_key: key });
  return api('PATCH', `/connections/${editedConnection}`, key ? { ...body, api_key: key } : body);
});
for (const button of $$('[data-delete-connection]')) {
  const name = button.closest('[data-connection]').dataset.connection;
  button.addEventListener('click', () => removeAt(button, `Delete ${name}?`, 'Policies that use it stop working. Past runs stay.', `/connections/${name}`));
}
for (const button of $$('[data-test-connection]')) button.addEventListener('click', () => testConnection(button));

/** @param {any} button */
async function testConnection(button) {
  const row = button.closest('[data-connection]');
  const said = $('[data-result]', row);
  button.disabled = true;
  said.className = 'small muted';
  said.textContent = 'Asking for its models …';
  try {
    const told = await api('POST', `/connections/${row.dataset.connection}/test`);
    said.className = `small ${told.ok ? 'good' : 'field-error'}`;
    said.textContent = told.ok ? modelsFound(told.models) : told.message;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    said.className = 'small field-error';
    said.textContent = error.message;
  } finally {
    button.disabled = false;
  }
}

/** @param {string[]} models */
function modelsFound(models) {
  if (!models.length) return 'It answers, but names no models.';
  const named = models.slice(0, 6).join(', ');
  return `It answers. ${models.length} model${models.length === 1 ? '' : 's'}: ${named}${models.length > 6 ? ', …' : ''}`;
}

// ---------------------------------------------------------------------------------------------- models

const PRICES = ['input', 'output', 'cache_read', 'cache_write'];

for (const button of $$('[data-edit-model]')) {
  button.addEventListener('click', () => {
    const row = button.closest('[data-facts]');
    const facts = row ? JSON.parse(row.dataset.facts) : {};
    openForm('model', row ? `Facts of ${facts.model}` : 'Prices of a model', {
      connection: facts.connection ?? $('#m-connection option')?.value, name: facts.name, context_window: facts.context_window, tier: facts.tier, profile: facts.profile, ...facts.prices,
    }).elements.images.checked = Boolean(facts.images);
  });
}
onSave('model-form', ({ elements }) => {
  const given = Object.fromEntries(PRICES.map(kind => [kind, elements[kind].value.trim().replace(',', '.')]).filter(([, value]) => value !== ''));
  const window = elements.context_window.value.replace(/\D/g, '');
  const prices = Object.keys(given).length ? given : null;
  const path = `/models/${elements.connection.value}/${elements.name.value.trim().split('/').map(encodeURIComponent).join('/')}`;
  const { tier, profile, images } = elements;
  return api('PUT', path, {
    prices, context_window: window ? Number(window) : null, tier: tier.value, profile: profile.value, images: images.checked,
  });
});
for (const button of $$('[data-delete-model]')) {
  const { model } = button.closest('[data-model]').dataset;
  button.addEventListener('click', () => removeAt(button, `Forget your facts of ${model}?`, 'The shipped prices count again, where there are some.', `/models/${model.split('/').map(encodeURIComponent).join('/')}`));
}

$('#r-file')?.addEventListener('change', async () => {
  const [file] = $('#r-file').files;
  if (file) $('#r-text').value = await file.text();
});
onSave('registry-form', ({ elements }) => api('POST', '/models/registry', { text: elements.text.value }));

// ---------------------------------------------------------------------------------------------- prompt profiles

for (const button of $$('[data-edit-profile]')) {
  button.addEventListener('click', () => {
    const row = button.closest('[data-profile]');
    const own = Boolean(row?.querySelector('[data-delete-profile]'));
    const text = row ? $('pre', row).textContent : 'title = ""\nextends = "general"\n';
    const form = openForm('profile', own ? `Edit ${row.dataset.profile}` : 'New profile', { name: own ? row.dataset.profile : '', text });
    form.elements.name.readOnly = own;
  });
}
onSave('profile-form', ({ elements }) => api('PUT', `/profiles/${encodeURIComponent(elements.name.value.trim())}`, { text: elements.text.value }));
for (const button of $$('[data-delete-profile]')) {
  const name = button.closest('[data-profile]').dataset.profile;
  button.addEventListener('click', () => removeAt(button, `Delete the profile ${name}?`, 'Policies that name it stop working. Past runs stay.', `/profiles/${name}`));
}

// ---------------------------------------------------------------------------------------------- policies

for (const button of $$('[data-delete-policy]')) {
  const name = button.closest('[data-policy]').dataset.policy;
  button.addEventListener('click', () => removeAt(button, `Delete the policy ${name}?`, 'Runs that were asked with it keep what they had.', `/policies/${name}`));
}
