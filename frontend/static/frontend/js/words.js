// @ts-check
// How nodes and batches are called on the screen, in tree, time line and detail alike. Pure.
import { count, usd, whole } from './format.js';

/** @typedef {import('./state.js').State} State */
/** @typedef {import('./state.js').Node} Node */
/** @typedef {import('./state.js').Cost} Cost */
/** @typedef {import('./layout.js').Batch} Batch */

/** The model without its connection. @param {string} model */
export const shortModel = model => model.slice(model.indexOf('/') + 1);

/** A step is called after what its code does. @param {State} state @param {Node} node */
function stepName(state, node) {
  const [, position] = node.name.match(/^Step (\d+)$/) ?? [];
  if (!position) return node.name;
  const cells = (state.children.get(node.number) ?? [])
    .map(number => state.nodes.get(number)).filter(child => child?.kind === 'cell');
  return cells.length ? `${position} · ${cells.map(cell => cell?.name).join(', ')}` : node.name;
}

/** Whether this call is a turn of its rlm node, not a call from code or of a gate. @param {State} state @param {Node} node */
export const isTurn = (state, node) => node.kind === 'lm' && ['step', 'rlm'].includes(state.nodes.get(node.parent ?? -1)?.kind ?? '');

/** @param {State} state @param {Node} node */
export function nameOf(state, node) {
  if (node.kind === 'step') return stepName(state, node);
  if (isTurn(state, node)) return shortModel(node.model) || node.name;
  return node.name;
}

/** @param {Batch} batch */
export const batchName = batch => `${batch.kind === 'rlm' ? 'rlm_batch' : 'llm_batch'} ×${whole(batch.items.length)}`;

/** “$0.40”, “at least $0.40”, “unknown”; `–` where nothing was asked of a model. @param {Cost | null} cost */
export function costText(cost) {
  if (!cost) return '–';
  if (cost.unpriced_calls) return Number(cost.usd) ? `at least ${usd(cost.usd)}` : 'unknown';
  return Number(cost.usd) ? usd(cost.usd) : '–';
}

/** The same for a narrow column. @param {Cost | null} cost */
export const shortCost = cost => costText(cost).replace('at least ', '≥ ');

/** @param {Node} node */
export const tokensText = node => `${count(node.input_tokens)} in, ${count(node.output_tokens)} out`;

export const STATUS_WORDS = {
  running: 'running', succeeded: 'done', failed: 'failed', cancelled: 'cancelled',
};

/** 310 ms · 2.1 s · 1m 26s: short enough for a column. @param {number} seconds */
export function shortTime(seconds) {
  if (seconds < 0.0005) return '0 ms';
  if (seconds < 1) return `${Math.max(1, Math.round(seconds * 1000))} ms`;
  return seconds < 59.95 ? `${seconds.toFixed(1)} s` : `${Math.floor(seconds / 60)}m ${Math.floor(seconds % 60)}s`;
}

/** 34 s: for stretches of which tenths say nothing. @param {number} seconds */
export const roundTime = seconds => (seconds >= 10 && seconds < 60 ? `${Math.round(seconds)} s` : shortTime(seconds));
