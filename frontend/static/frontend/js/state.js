// @ts-check
// What is known of a run, built from its event log. Pure: it touches neither page nor network.
// `load(tree)` takes the skeleton that the server folded from the same log, `apply(state, event)` every event after it;
// both ways lead to the same state.

/**
 * @typedef {{
 *   number: number, parent: number | null, kind: 'rlm' | 'step' | 'lm' | 'cell' | 'gate', depth: number, name: string,
 *   status: 'running' | 'succeeded' | 'failed' | 'cancelled', start: number, end: number | null,
 *   queued_ms: number | null, retried_ms: number, role: string, model: string, batch: number | null, index: number | null,
 *   attempt: number | null, line: number | null, follows: number | null, under: number | null, accepted: boolean | null,
 *   input_tokens: number | null, cache_read_tokens: number | null,
 *   output_tokens: number | null, usd: string | null, cost_kind: string, subtree_usd: string | null,
 *   error: string | null,
 * }} Node  start and end: seconds since the run's start; end null while it runs; retried_ms: in tries that failed and in
 *   the waits after them; follows: the call that a gate judged, or that this call is made instead of; under: for those
 *   that belong to an item of a batch, its first call
 *
 * @typedef {{ usd: string | null, kind: 'exact' | 'estimated' | 'unknown', unpriced_calls: number }} Cost
 * @typedef {Record<string, number>} Usage
 * @typedef {{
 *   status: string, ended_by: string | null, error: { kind: string, message: string } | null, usage: Usage, cost: Cost,
 *   sources: any[], documents: any[], policy: any, startedAt: number | null, seconds: number | null,
 * }} RunState  startedAt: seconds since the epoch
 *
 * @typedef {{
 *   seq: number, version: number, run: RunState, nodes: Map<number, Node>, children: Map<number | null, number[]>,
 *   hung: Map<number, number[]>,
 *   spent: Map<number, Cost>, unpriced: Map<number, number>,
 * }} State  version: counts changes; hung: what belongs to an item of a batch, by its first call; spent: what calls below the nodes that still run have cost so far; unpriced: how
 *   many calls below a node have no known price
 *
 * @typedef {{ seq: number, at: string, type: string, node: number | null, data: any }} Event
 */

export const USAGE_KINDS = [
  'input_tokens', 'cache_read_tokens', 'cache_write_tokens', 'output_tokens', 'reasoning_tokens',
];
const CERTAINTY = ['exact', 'estimated', 'unknown'];
const DIGITS = 12;

/** @returns {Cost} */
const nothing = () => ({ usd: '0', kind: 'exact', unpriced_calls: 0 });

/** A run of which nothing is known yet. @returns {State} */
export function create() {
  const usage = Object.fromEntries(['calls', 'attempts', ...USAGE_KINDS].map(kind => [kind, 0]));
  return {
    seq: 0,
    version: 0,
    run: {
      status: 'queued', ended_by: null, error: null, usage, cost: nothing(), sources: [], documents: [], policy: {},
      startedAt: null, seconds: null,
    },
    nodes: new Map(),
    children: new Map(),
    hung: new Map(),
    spent: new Map(),
    unpriced: new Map(),
  };
}

// ------------------------------------------------------------------------------------------------ time and money

/** Seconds since the epoch, microseconds kept. @param {string} iso */
export function seconds(iso) {
  const point = iso.indexOf('.');
  if (point < 0) return Date.parse(iso) / 1000;
  return Date.parse(`${iso.slice(0, point)}Z`) / 1000 + Number(iso.slice(point, -1));
}

/** Decimal text as a whole number of 10⁻¹² dollars, the precision of the server's rows. @param {string} usd */
function exact(usd) {
  const [whole, part = ''] = usd.split('.');
  const value = BigInt(whole + part.slice(0, DIGITS).padEnd(DIGITS, '0'));
  return Number(part[DIGITS] ?? 0) >= 5 ? value + 1n : value;
}

/** Adds decimal texts without losing a digit. @param {string} one @param {string} other */
export function addUsd(one, other) {
  return decimal(exact(one) + exact(other));
}

/** @param {bigint} units of 10⁻¹² dollars */
function decimal(units) {
  const text = units.toString().padStart(DIGITS + 1, '0');
  const part = text.slice(-DIGITS).replace(/0+$/, '');
  return `${text.slice(0, -DIGITS)}${part ? `.${part}` : ''}`;
}

/** The price of what has a price; null when nothing has. @param {Cost | null | undefined} cost */
function knownUsd(cost) {
  if (!cost || cost.usd === null) return null;
  const usd = addUsd('0', cost.usd);
  return cost.unpriced_calls && usd === '0' ? null : usd;
}

/** Unknown is never 0: the priced part is summed, what is missing is counted. @param {Cost} one @param {Cost} other @returns {Cost} */
export function addCost(one, other) {
  const kind = CERTAINTY[Math.max(CERTAINTY.indexOf(one.kind), CERTAINTY.indexOf(other.kind))];
  const usd = one.usd === null ? other.usd : other.usd === null ? one.usd : addUsd(one.usd, other.usd);
  const unpriced_calls = one.unpriced_calls + other.unpriced_calls;
  return { usd, kind: /** @type {Cost['kind']} */ (kind), unpriced_calls };
}

/** Amounts below are whole units of 10⁻¹² dollars as a plain number, exactly. */
const PLAIN = 4e3;
const MOST_PLAIN = 2 ** 52;

/** The sum of many costs. @param {Iterable<Cost | null>} costs null: nothing was asked of a model @returns {Cost} */
export function sumCosts(costs) {
  let [total, plain, certainty, unpriced, priced] = [0n, 0, 0, 0, false];
  for (const cost of costs) {
    if (!cost) continue;
    certainty = Math.max(certainty, CERTAINTY.indexOf(cost.kind));
    unpriced += cost.unpriced_calls;
    if (cost.usd === null) continue;
    priced = true;
    const amount = Number(cost.usd);
    if (amount < PLAIN && cost.usd.length <= DIGITS + 2) plain += Math.round(amount * 1e12);
    else total += exact(cost.usd);
    if (plain < MOST_PLAIN) continue;
    total += BigInt(plain);
    plain = 0;
  }
  const kind = /** @type {Cost['kind']} */ (CERTAINTY[certainty]);
  return { usd: unpriced && !priced ? null : decimal(total + BigInt(plain)), kind, unpriced_calls: unpriced };
}

/** What one call cost, from its columns. @param {Node} node @returns {Cost | null} null when it tells of no cost */
export function costOf(node) {
  if (!node.cost_kind) return null;
  const kind = /** @type {Cost['kind']} */ (node.cost_kind);
  return { usd: node.usd, kind, unpriced_calls: kind === 'unknown' ? 1 : 0 };
}

// ------------------------------------------------------------------------------------------------ skeleton

/** @param {{ run: any, columns: string[], rows: any[][], last_seq: number }} tree answer of GET /runs/{id}/tree @returns {State} */
export function load(tree) {
  const state = create();
  state.seq = tree.last_seq;
  state.version = 1;
  takeRun(state, tree.run);
  const at = Object.fromEntries(tree.columns.map((name, index) => [name, index]));
  for (const row of tree.rows) insert(state, nodeOf(row, at));
  const isRunning = tree.run.status === 'running';
  for (const node of state.nodes.values()) if (node.kind === 'lm' && (isRunning || node.cost_kind === 'unknown')) spend(state, node);
  return state;
}

/** @param {State} state @param {any} run */
function takeRun(state, run) {
  const { status, ended_by, error, usage, cost, sources, documents, policy } = run;
  const startedAt = run.started_at ? seconds(run.started_at) : null;
  const took = run.finished_at && startedAt !== null ? seconds(run.finished_at) - startedAt : null;
  state.run = {
    status, ended_by, error, usage: { ...usage }, cost: { ...cost }, sources, documents, policy, startedAt, seconds: took,
  };
}

/** One literal for all nodes keeps them small and quick. @param {any[]} row @param {Record<string, number>} at @returns {Node} */
const nodeOf = (row, at) => ({
  number: row[at.number], parent: row[at.parent], kind: row[at.kind], depth: row[at.depth], name: row[at.name],
  status: row[at.status], start: row[at.start], end: row[at.end], queued_ms: row[at.queued_ms],
  retried_ms: row[at.retried_ms] ?? 0,
  role: row[at.role] ?? '', model: row[at.model] ?? '', batch: row[at.batch], index: row[at.index],
  attempt: row[at.attempt], line: row[at.line], follows: row[at.follows] ?? null, under: null,
  accepted: row[at.accepted] ?? null, input_tokens: row[at.input_tokens],
  cache_read_tokens: row[at.cache_read_tokens], output_tokens: row[at.output_tokens], usd: row[at.usd],
  cost_kind: row[at.cost_kind] ?? '', subtree_usd: row[at.subtree_usd], error: row[at.error],
});

/** @param {State} state @param {Node} node */
function insert(state, node) {
  state.nodes.set(node.number, node);
  const siblings = state.children.get(node.parent);
  if (siblings) siblings.push(node.number);
  else state.children.set(node.parent, [node.number]);
  if (node.follows !== null) hang(state, node);
}

/** @param {State} state @param {Node} node that follows another */
function hang(state, node) {
  const other = state.nodes.get(/** @type {number} */ (node.follows));
  node.under = other?.under ?? (other?.batch ? other.number : null);
  if (node.under === null) return;
  const hung = state.hung.get(node.under);
  if (hung) hung.push(node.number);
  else state.hung.set(node.under, [node.number]);
}

// ------------------------------------------------------------------------------------------------ events

/** @type {Record<string, (state: State, event: Event) => void>} */
const ON = {
  'run.started': runStarted,
  'node.started': nodeStarted,
  'node.finished': nodeFinished,
  'lm.retried': retried,
  'run.finished': runFinished,
};

/** Changes the state by one event; one that is already in it changes nothing. @param {State} state @param {Event} event */
export function apply(state, event) {
  if (event.seq <= state.seq) return;
  state.seq = event.seq;
  state.version += 1;
  ON[event.type]?.(state, event);
}

/** @param {State} state @param {Event} event */
function runStarted(state, event) {
  state.run.status = 'running';
  state.run.startedAt = seconds(event.at);
  state.run.policy = event.data.policy ?? state.run.policy;
  state.run.documents = event.data.documents ?? state.run.documents;
}

/** Seconds since the run's start. @param {State} state @param {string} at */
const since = (state, at) => Math.round((seconds(at) - (state.run.startedAt ?? 0)) * 1e6) / 1e6;

/** @param {State} state @param {Event} event */
function nodeStarted(state, event) {
  const { data } = event;
  insert(state, {
    number: /** @type {number} */ (event.node), parent: data.parent ?? null, kind: data.kind, depth: data.depth,
    name: data.name, status: 'running', start: since(state, event.at), end: null, queued_ms: null, retried_ms: 0,
    role: data.role ?? '', model: data.model ?? '', batch: data.batch ?? null, index: data.index ?? null, attempt: null,
    line: data.line ?? null, follows: data.of ?? data.before ?? null, under: null, accepted: null, input_tokens: null, cache_read_tokens: null, output_tokens: null, usd: null, cost_kind: '',
    subtree_usd: null, error: null,
  });
}

/** @param {State} state @param {Event} event */
function retried(state, event) {
  const node = state.nodes.get(/** @type {number} */ (event.node));
  if (node) node.retried_ms += 1000 * ((event.data.wait_seconds ?? 0) + (event.data.seconds ?? 0));
}

/** @param {State} state @param {Event} event */
function nodeFinished(state, event) {
  const node = state.nodes.get(/** @type {number} */ (event.node));
  if (!node) return;
  const { data } = event;
  node.status = data.status;
  node.end = since(state, event.at);
  node.queued_ms = data.queued_ms ?? null;
  node.attempt = data.attempt ?? null;
  node.error = data.error?.kind ?? null;
  node.accepted = data.accepted ?? null;
  node.subtree_usd = knownUsd(data.subtree?.cost ?? data.cost);
  if (node.kind === 'lm') account(state, node, data);
  state.spent.delete(node.number);
}

/** What a call took, on its own node, in the run's totals and for the open nodes above it. @param {State} state @param {Node} node @param {any} data */
function account(state, node, data) {
  const { run } = state;
  if (data.usage) {
    node.input_tokens = data.usage.input_tokens;
    node.cache_read_tokens = data.usage.cache_read_tokens;
    node.output_tokens = data.usage.output_tokens;
    for (const kind of ['calls', ...USAGE_KINDS]) run.usage[kind] += data.usage[kind];
  }
  run.usage.attempts += data.attempt ?? 0;
  if (!data.cost) return;
  node.usd = data.cost.usd === null ? null : addUsd('0', data.cost.usd);
  node.cost_kind = data.cost.kind;
  const cost = addCost(run.cost, data.cost);
  run.cost = { ...cost, usd: knownUsd(cost) };
  spend(state, node);
}

/** Tells the nodes above a call what it cost. @param {State} state @param {Node} node */
function spend(state, node) {
  const cost = costOf(node);
  if (!cost) return;
  for (let up = node.parent; up !== null; up = state.nodes.get(up)?.parent ?? null) {
    if (cost.unpriced_calls) state.unpriced.set(up, (state.unpriced.get(up) ?? 0) + 1);
    if (state.nodes.get(up)?.end === null) state.spent.set(up, addCost(state.spent.get(up) ?? nothing(), cost));
  }
}

/** @param {State} state @param {Event} event */
function runFinished(state, event) {
  const { status, ended_by, error, sources } = event.data;
  Object.assign(state.run, { status, ended_by: ended_by ?? null, error: error ?? null, sources: sources ?? [] });
  state.run.seconds = since(state, event.at);
}

// ------------------------------------------------------------------------------------------------ questions

export const isLive = (/** @type {State} */ state) => state.run.status === 'queued' || state.run.status === 'running';

/** A node and all below it, in the order of starting. @param {State} state @param {number} number @returns {Node[]} */
export function subtree(state, number) {
  const found = [];
  const waiting = [number];
  while (waiting.length) {
    const next = /** @type {number} */ (waiting.pop());
    const node = state.nodes.get(next);
    if (node) found.push(node);
    for (const child of state.children.get(next) ?? []) waiting.push(child);
  }
  return found.sort((one, other) => one.number - other.number);
}

/** What a node and all below it cost, as far as it is known now. @param {State} state @param {Node} node @returns {Cost | null} */
export function subtreeCost(state, node) {
  if (node.end === null) return state.spent.get(node.number) ?? null;
  if (node.subtree_usd === null) return { usd: null, kind: 'unknown', unpriced_calls: 1 };
  const unpriced_calls = state.unpriced.get(node.number) ?? 0;
  return { usd: node.subtree_usd, kind: unpriced_calls ? 'unknown' : 'exact', unpriced_calls };
}
