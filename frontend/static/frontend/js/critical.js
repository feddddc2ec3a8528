// @ts-check
// The exact critical path: the chain of nodes that a run's time was spent in, from who awaited whom. Calls of one batch
// were awaited together, at the end of the last of them; everything else one by one. So a group could begin only when
// the one that ended last before it had ended. In whole microseconds, number for number the same as
// `trajectories/critical` on the server. Pure.
import { sending } from './timing.js';

/** @typedef {import('./state.js').State} State */
/** @typedef {import('./state.js').Node} Node */

/**
 * @typedef {{
 *   number: number, parent: number, kind: string, start: number, end: number, queued: number, retried: number,
 *   batch: number | null, index: number | null, follows: number | null, node: Node | null,
 * }} Span  microseconds; end is now while it runs; queued from the start on; retried: tries that failed, waits after them
 *
 * @typedef {{
 *   first: number, start: number, end: number, free: number, last: Span, isBatch: boolean, size: number, saved: number,
 * }} Group  nodes that were awaited together; free: when the last would have ended had none waited for a slot, all begun
 *   as they were; saved: how much earlier it would have ended had no call waited
 *
 * @typedef {{ groups: Group[], batches: Map<number, Group> }} Awaited  what one node awaited
 * @typedef {Record<'root' | 'calls' | 'queue' | 'retries' | 'code' | 'gates' | 'rest', number>} Shares
 *
 * @typedef {{
 *   key: string, kind: string, isBatch: boolean, micros: number, queued: number, retried: number, nodes: Span[],
 *   sizes: number[],
 * }} Clause  the root's own time of one kind, or what its code awaited; sizes: how many at once, each time
 *
 * @typedef {{
 *   micros: number, least: number, nodes: Set<number>, leaves: Node[], shares: Shares, clauses: Clause[], waited: Span[],
 *   live: boolean,
 * }} CriticalPath  least: the same had no call waited for a slot; leaves: calls, cells, gates in order of time; waited:
 *   the calls on the path that waited for a slot, the longest wait first
 */

const CLAUSES = ['root', 'calls', 'code', 'gates', 'rest'];
const OWN = /** @type {Record<string, 'root' | 'code' | 'gates'>} */ ({ lm: 'root', cell: 'code', gate: 'gates' });

/** @param {State} state with a node at least @param {number} now @returns {CriticalPath} */
export function criticalPath(state, now) {
  const spans = withItems(spansOf(state, now));
  const top = adopt(spans);
  const awaited = /** @type {Map<number, Awaited>} */ (new Map());
  for (let at = spans.length - 1; at >= 0; at -= 1) {
    const span = spans[at];
    let above = awaited.get(span.parent);
    if (!above) awaited.set(span.parent, above = { groups: [], batches: new Map() });
    take(above, span, saved(span, awaited.get(span.number)));
  }
  const shortest = top.end - top.start - saved(top, awaited.get(0));
  const walk = new Walk(awaited);
  walk.go(top);
  return {
    micros: top.end - top.start, least: shortest, nodes: walk.nodes,
    leaves: walk.leaves.sort(inTime).map(span => /** @type {Node} */ (span.node)), shares: walk.shares,
    clauses: [...walk.sums.values()].filter(clause => clause.micros).sort(byRank),
    waited: walk.waited.sort((one, other) => other.queued - one.queued || one.number - other.number),
    live: state.run.status === 'running' || state.run.status === 'queued',
  };
}

const micros = (/** @type {number} */ seconds) => Math.round(seconds * 1e6);

/** The nodes as spans, by number. @param {State} state @param {number} now @returns {Span[]} */
function spansOf(state, now) {
  const sent = sending(state);
  const ends = micros(now);
  const spans = [];
  for (const node of state.nodes.values()) {
    const start = micros(node.start);
    const waits = node.queued_ms === null && node.end === null && node.kind === 'lm'
      ? Math.min(ends, micros(Math.min(now, sent(node)))) - start : Math.round((node.queued_ms ?? 0) * 1000);
    spans.push({
      number: node.number, parent: node.parent ?? 0, kind: node.kind, start, end: node.end === null ? ends : micros(node.end),
      queued: waits, retried: Math.round(node.retried_ms * 1000), batch: node.batch, index: node.index, follows: node.follows, node,
    });
  }
  return spans;
}

/** For spans that are not the first of their item of a batch: the first. @param {Span[]} spans @returns {Map<number, number>} */
function homes(spans) {
  const firsts = /** @type {Map<number, number[]>} */ (new Map()); // by batch and index
  const home = /** @type {Map<number, number>} */ (new Map());
  const inBatch = /** @type {Set<number>} */ (new Set(spans.filter(span => span.follows !== null).map(span => span.follows)));
  for (const { number, batch } of spans) if (batch === null) inBatch.delete(number);
  for (const { number, batch, index, follows } of spans) {
    let first = follows === null ? undefined : home.get(follows) ?? (inBatch.has(follows) ? follows : undefined);
    if (!first && batch !== null && index !== null) {
      let known = firsts.get(batch);
      if (!known) firsts.set(batch, known = []);
      first = known[index] ??= number;
    }
    if (first && first !== number) home.set(number, first);
  }
  return home;
}

/**
 * Where an item of a batch was more than one call (refused, repaired, raised to another model), what it was made of comes
 * below a span of its own, of the kind `item`, whose number is the first call's, negative.
 * @param {Span[]} spans @returns {Span[]}
 */
function withItems(spans) {
  const home = homes(spans);
  if (!home.size) return spans;
  const items = /** @type {Map<number, Span | null>} */ (new Map([...home.values()].map(first => [first, null])));
  const found = [];
  for (const span of spans) {
    const first = home.get(span.number) ?? span.number;
    if (first === span.number && items.has(first)) {
      const item = { ...span, number: -first, kind: 'item', queued: 0, retried: 0, node: null };
      items.set(first, item);
      found.push(item);
    }
    const item = items.get(first);
    if (item) {
      item.end = Math.max(item.end, span.end);
      span.parent = item.number;
      span.batch = null;
    }
    found.push(span);
  }
  return found;
}

/** Clips each to the one above it; returns what stands above the root nodes. @param {Span[]} spans @returns {Span} */
function adopt(spans) {
  const known = /** @type {Map<number, Span>} */ (new Map());
  let [from, to] = [Infinity, -Infinity];
  for (const span of spans) {
    known.set(span.number, span);
    if (span.parent === span.number || !known.has(span.parent)) span.parent = 0;
    if (span.parent) continue;
    from = Math.min(from, span.start);
    to = Math.max(to, span.end);
  }
  const top = {
    number: 0, parent: -1, kind: 'top', start: from, end: Math.max(from, to), queued: 0, retried: 0, batch: null,
    index: null, follows: null, node: null,
  };
  for (const span of spans) {
    const above = known.get(span.parent) ?? top;
    span.start = Math.min(Math.max(span.start, above.start), above.end);
    span.end = Math.min(Math.max(span.end, span.start), above.end);
    span.queued = Math.min(Math.max(span.queued, 0), span.end - span.start);
    span.retried = Math.min(Math.max(span.retried, 0), span.end - span.start - span.queued);
  }
  return top;
}

// ------------------------------------------------------------------------------------------------ who awaited whom

/** Nodes come with falling numbers. @param {Awaited} awaited @param {Span} span @param {number} less */
function take({ groups, batches }, span, less) {
  const group = span.batch === null ? undefined : batches.get(span.batch);
  if (!group) {
    const made = {
      first: span.number, start: span.start, end: span.end, free: span.end - less, last: span,
      isBatch: span.batch !== null, size: 1, saved: 0,
    };
    groups.push(made);
    if (span.batch !== null) batches.set(span.batch, made);
    return;
  }
  group.size += 1;
  group.first = span.number;
  group.start = Math.min(group.start, span.start);
  group.free = Math.max(group.free, span.end - less);
  if (span.end < group.end) return;
  group.end = span.end;
  group.last = span;
}

/**
 * How much earlier a node would have ended had no call waited for a slot. Sorts what it awaited. Where code called from
 * threads nobody knows which of the groups that had ended a group followed: it is taken to follow the one that would
 * have saved most, so no more than this can be saved.
 * @param {Span} span @param {Awaited | undefined} awaited
 */
function saved(span, awaited) {
  if (!awaited) return span.queued;
  const { groups } = awaited;
  groups.sort((one, other) => one.end - other.end || one.start - other.start || one.first - other.first);
  const begun = [...groups].sort((one, other) => one.start - other.start || one.first - other.first);
  let [ended, most, last] = [0, 0, -Infinity];
  for (const group of begun) {
    for (; endedBefore(groups[ended], group); ended += 1) most = Math.max(most, groups[ended].saved);
    group.saved = most + group.end - group.free;
    last = Math.max(last, group.end - group.saved);
  }
  return /** @type {Group} */ (groups.at(-1)).end - last;
}

/** @param {Group} one @param {Group} other */
const endedBefore = (one, { start, first }) => (one.end - start || one.start - start || one.first - first) < 0;

/** Which of the sorted groups a group began after; -1: none. @param {Group[]} groups @param {Group} group */
function awaitedBefore(groups, group) {
  let [low, high] = [0, groups.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (endedBefore(groups[middle], group)) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Those of the sorted groups that were waited for one after the other, from the last. @param {Group[]} groups */
function chainOf(groups) {
  const chain = [];
  for (let at = groups.length - 1; at >= 0; at = awaitedBefore(groups, groups[at])) chain.push(groups[at]);
  return chain;
}

// ------------------------------------------------------------------------------------------------ adding up

/** Goes back from the end of a run through what was waited for. */
class Walk {
  /** @param {Map<number, Awaited>} awaited */
  constructor(awaited) {
    this.awaited = awaited;
    /** @type {Set<number>} */
    this.nodes = new Set();
    /** @type {Span[]} */
    this.leaves = [];
    /** @type {Span[]} */
    this.waited = [];
    /** @type {Shares} */
    this.shares = { root: 0, calls: 0, queue: 0, retries: 0, code: 0, gates: 0, rest: 0 };
    /** @type {Map<string, Clause>} */
    this.sums = new Map();
  }

  /** @param {Span} top */
  go(top) {
    const waiting = /** @type {[Span, Clause | null][]} */ ([[top, null]]);
    while (waiting.length) {
      const [span, home] = /** @type {[Span, Clause | null]} */ (waiting.pop());
      const chain = chainOf(this.awaited.get(span.number)?.groups ?? []);
      let own = span.end - span.start;
      for (const { last } of chain) own -= last.end - last.start;
      const mine = home ?? this.sum(OWN[span.kind] ?? 'rest');
      this.count(span, own, mine);
      for (const group of chain) waiting.push([group.last, this.home(span, home, mine, group)]);
    }
  }

  /** The clause that the time below a node goes to; null: each node of the root has its own. @param {Span} span @param {Clause | null} home @param {Clause} mine @param {Group} group */
  home(span, home, mine, group) {
    if (home || span.kind === 'gate') return mine;
    if (span.kind !== 'cell' || group.last.kind === 'gate') return null;
    const calls = this.sum('calls', group.last.kind === 'rlm' ? 'rlm' : 'lm', group.isBatch);
    calls.sizes.push(group.size);
    calls.nodes.push(group.last);
    return calls;
  }

  /** @param {string} key @param {string} [kind] @param {boolean} [isBatch] */
  sum(key, kind = '', isBatch = false) {
    const id = `${key} ${kind} ${isBatch}`;
    let clause = this.sums.get(id);
    if (!clause) this.sums.set(id, clause = { key, kind, isBatch, micros: 0, queued: 0, retried: 0, nodes: [], sizes: [] });
    return clause;
  }

  /** @param {Span} span @param {number} own @param {Clause} home */
  count(span, own, home) {
    home.micros += own;
    if (span.kind === 'top' || span.kind === 'item') {
      this.shares.rest += own;
      return;
    }
    this.nodes.add(span.number);
    if (OWN[span.kind]) this.leaves.push(span);
    if (home.key !== 'calls') home.nodes.push(span);
    if (span.kind === 'lm') this.countCall(span, own, home);
    else this.shares[OWN[span.kind] ?? 'rest'] += own;
  }

  /** @param {Span} span @param {number} own @param {Clause} home */
  countCall(span, own, home) {
    this.shares.queue += span.queued;
    this.shares.retries += span.retried;
    this.shares[home.key === 'root' ? 'root' : 'calls'] += own - span.queued - span.retried;
    home.queued += span.queued;
    home.retried += span.retried;
    if (span.queued) this.waited.push(span);
  }
}

const inTime = (/** @type {Span} */ one, /** @type {Span} */ other) => one.start - other.start || one.number - other.number;

/** @param {Clause} one @param {Clause} other */
function byRank(one, other) {
  return CLAUSES.indexOf(one.key) - CLAUSES.indexOf(other.key) || (one.kind < other.kind ? -1 : one.kind > other.kind ? 1 : 0)
    || Number(other.isBatch) - Number(one.isBatch);
}
