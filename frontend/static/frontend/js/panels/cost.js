// @ts-check
// Cost: tokens and money of a call, or of all calls below.
import { whole } from '../format.js';
import { outcome } from '../layout.js';
import { costOf, subtree, sumCosts } from '../state.js';
import { element } from '../ui.js';
import { costText } from '../words.js';
import { attempts } from './attempts.js';
import { heading, line, nothing, pair, table } from './pieces.js';

/** @typedef {import('../detail.js').Subject} Subject */
/** @typedef {import('../state.js').Node} Node */
/** @typedef {import('./pieces.js').Shown} Shown */

const TOKENS = /** @type {[string, string, string | null][]} */ ([
  ['Input', 'input_tokens', 'input'], ['of it read from cache', 'cache_read_tokens', 'cache_read'],
  ['of it written to cache', 'cache_write_tokens', 'cache_write'], ['Output', 'output_tokens', 'output'],
  ['of it reasoning', 'reasoning_tokens', null],
]);

/** @param {Subject} subject @returns {Shown} */
export function cost(subject) {
  return subject.full?.kind === 'lm' ? callCost(subject) : sumCost(subject);
}

/** @param {Subject} subject @returns {Shown} */
function callCost(subject) {
  const { full } = subject;
  const { usage, price } = full;
  if (!usage) return [nothing('clock', 'No figures yet', 'What this call took is known when it has ended.'), ...attempts(subject)];
  const rows = TOKENS.map(([word, kind, rate]) => line([
    word, whole(usage[kind] ?? 0), rate && price?.[rate] != null ? `$${price[rate]}` : '',
  ], [1, 2]));
  const kind = full.cost?.kind ?? 'unknown';
  return [
    heading('This call', usage.estimated ? 'estimated from the texts: the server reported no tokens' : 'as the server reported'),
    table(['Tokens', 'Count', 'Per million'], rows, [1, 2]),
    element('dl', { class: 'pairs-list' },
      ...pair('Cost', full.cost?.usd == null ? 'unknown' : `${costText({ usd: full.cost.usd, kind, unpriced_calls: 0 })} (${kind})`),
      ...pair('Prices', price ? `${price.source}, as of ${price.as_of}` : 'unknown for this model; set them in Settings'),
      ...pair('Model', full.reported_model && !full.model?.endsWith(full.reported_model) ? `${full.model} (answered as ${full.reported_model})` : full.model)),
    ...attempts(subject),
  ];
}

/** A batch, or a node and all below it, by model. @param {Subject} subject @returns {Shown} */
function sumCost({ batch, full, state }) {
  const below = batch ? batch.items.flatMap(item => outcome(state, item).calls).flatMap(call => subtree(state, call.number)) : subtree(state, full.number);
  const calls = below.filter(node => node.kind === 'lm');
  if (!calls.length) return [nothing('lm', 'No model calls', 'Nothing here asked a model, so nothing was spent.')];
  const models = /** @type {Map<string, Node[]>} */ (new Map());
  for (const node of calls) {
    if (!models.has(node.model)) models.set(node.model, []);
    models.get(node.model)?.push(node);
  }
  const sum = (/** @type {Node[]} */ nodes, /** @type {keyof Node} */ column) => whole(nodes.reduce((total, node) => total + Number(node[column] ?? 0), 0));
  const rows = [...models].map(([model, nodes]) => {
    const total = element('b', {}, costText(sumCosts(nodes.map(costOf))));
    const tokens = /** @type {const} */ (['input_tokens', 'cache_read_tokens', 'output_tokens']).map(kind => sum(nodes, kind));
    return line([model, whole(nodes.length), ...tokens, total], [1, 2, 3, 4, 5]);
  });
  return [heading(batch ? 'All calls of the batch' : 'This node and all below it'),
    table(['Model', 'Calls', 'In', 'Cached', 'Out', 'Cost'], rows, [1, 2, 3, 4, 5])];
}
