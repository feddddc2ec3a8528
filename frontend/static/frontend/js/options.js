// @ts-check
// The composer's further options: gates, exploration, early stopping, profile, form of the answer. They change the chosen
// policy for one question; what is not touched stays as the policy has it.
import { $, $$ } from './ui.js';

/** @param {any} policy */
export function fillOptions(policy) {
  $('#o-exploration').value = policy.exploration;
  $('#o-stopping').value = policy.early_stopping?.mode ?? 'off';
  $('#o-profile').value = policy.profile;
  for (const box of boxes()) box.checked = (policy.gates ?? []).some((/** @type {any} */ gate) => isMeant(gate, box));
  $('#o-schema').value = policy.answer_schema ? JSON.stringify(policy.answer_schema) : '';
}

/** @returns {any[]} */
const boxes = () => $$('[data-gate]', $('#more-opts'));

/** @param {any} gate @param {any} box */
const isMeant = (gate, box) => gate.gate === box.dataset.gate && gate.on === box.dataset.on;

/** What differs from the policy. Throws a `SyntaxError` for a schema that is no JSON. @param {any} policy @returns {Record<string, any>} */
export function optionsSaid(policy) {
  /** @type {Record<string, any>} */
  const said = {};
  if ($('#o-exploration').value !== policy.exploration) said.exploration = $('#o-exploration').value;
  const mode = $('#o-stopping').value;
  if (mode !== policy.early_stopping.mode) said.early_stopping = { ...policy.early_stopping, mode };
  if ($('#o-profile').value !== policy.profile) said.profile = $('#o-profile').value;
  const gates = gatesSaid(policy.gates);
  if (JSON.stringify(gates) !== JSON.stringify(policy.gates)) said.gates = gates;
  const schema = $('#o-schema').value.trim();
  const form = schema ? JSON.parse(schema) : null;
  if (JSON.stringify(form) !== JSON.stringify(policy.answer_schema ?? null)) said.answer_schema = form;
  return said;
}

/** Gates of the policy that are not taken away, and those that are added. @param {any[]} before */
function gatesSaid(before) {
  const all = boxes();
  const kept = before.filter(gate => !all.some(box => isMeant(gate, box) && !box.checked));
  const added = all.filter(box => box.checked && !before.some(gate => isMeant(gate, box)));
  return [...kept, ...added.map(box => ({ gate: box.dataset.gate, on: box.dataset.on }))];
}
