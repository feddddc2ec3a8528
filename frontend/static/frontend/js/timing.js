// @ts-check
// When things happened: calls in flight, idle gaps, squeezed time. Pure: no page, no drawing.

/** @typedef {import('./state.js').State} State */
/** @typedef {import('./state.js').Node} Node */

/** Seconds for which two calls that follow one another in a slot may seem to overlap. */
const HANDOVER = 0.005;
/** Of one worker process. */
const MOST_IN_FLIGHT = 256;

// ------------------------------------------------------------------------------------------------ calls

/** When a call that has ended was sent: after its turn in the queue. @param {Node} node */
export const began = node => (node.queued_ms ? Math.min(node.start + node.queued_ms / 1000, node.end ?? Infinity) : node.start);

/** Seconds a node was at work, waiting in the queue not counted. @param {Node} node @param {number} now */
export const active = (node, now) => Math.max(0, (node.end ?? now) - began(node));

/** A slot is free a moment before the record of its call is stored. @param {{ from: number, to: number }} call */
export const released = ({ from, to }) => to - Math.min(HANDOVER, (to - from) / 4);

/**
 * When each call was sent. A call that has ended says how long it waited for a slot; for one that is open it follows
 * from the others: so many are in flight at once, first come, first served, each in the place of one that has ended.
 * @param {State} state @returns {(node: Node) => number} Infinity for a call that still waits
 */
export function sending(state) {
  if (state.run.status !== 'running') return began;
  const slots = Math.min(MOST_IN_FLIGHT, state.run.policy?.concurrency ?? MOST_IN_FLIGHT);
  const calls = [...state.nodes.values()].filter(node => node.kind === 'lm');
  const ends = calls.flatMap(node => node.end ?? []).sort((one, other) => one - other);
  const sent = /** @type {Map<Node, number>} */ (new Map());
  calls.forEach((node, rank) => {
    if (node.end === null) sent.set(node, rank < slots ? node.start : Math.max(node.start, ends[rank - slots] ?? Infinity));
  });
  return node => sent.get(node) ?? began(node);
}

/** The open calls that are in flight, and those that wait for a slot. @param {State} state */
export function openCalls(state) {
  const sent = sending(state);
  let [flying, waiting] = [0, 0];
  for (const node of state.nodes.values()) {
    if (node.kind !== 'lm' || node.end !== null) continue;
    if (sent(node) === Infinity) waiting += 1;
    else flying += 1;
  }
  return { flying, waiting };
}

// ------------------------------------------------------------------------------------------------ the run

const SQUEEZED = 0.035;
const SHORTEST_GAP = 3;

/**
 * Stretches in which no model was asked and no code ran, long enough to be worth squeezing.
 * @param {State} state @param {number} total @param {number} now @returns {[number, number][]}
 */
export function idleGaps(state, total, now) {
  const gaps = /** @type {[number, number][]} */ ([]);
  const shortest = Math.max(SHORTEST_GAP, total * 0.05);
  let until = 0;
  for (const node of state.nodes.values()) {
    if (node.kind === 'rlm' || node.kind === 'step') continue;
    if (node.start - until >= shortest) gaps.push([until, node.start]);
    until = Math.max(until, node.end ?? now);
  }
  if (total - until >= shortest) gaps.push([until, total]);
  return gaps;
}

/** Seconds of the run ↔ drawn seconds, with idle gaps squeezed to a sliver. */
export class TimeScale {
  /** @param {[number, number][]} gaps @param {number} total @param {boolean} squeeze */
  constructor(gaps, total, squeeze) {
    const idle = gaps.reduce((sum, [from, to]) => sum + to - from, 0);
    this.sliver = Math.max(1e-3, (total - idle) * SQUEEZED);
    this.gaps = squeeze ? gaps.filter(([from, to]) => to - from > this.sliver) : [];
    this.total = total;
    this.length = this.drawn(total);
  }

  /** @param {number} time */
  drawn(time) {
    let at = time;
    for (const [from, to] of this.gaps) {
      if (time >= to) at -= to - from - this.sliver;
      else if (time > from) at -= (time - from) * (1 - this.sliver / (to - from));
    }
    return at;
  }

  /** @param {number} drawn */
  time(drawn) {
    let before = 0;
    for (const [from, to] of this.gaps) {
      const at = from - before;
      if (drawn <= at) break;
      if (drawn < at + this.sliver) return from + (drawn - at) * (to - from) / this.sliver;
      before += to - from - this.sliver;
    }
    return drawn + before;
  }
}

/** The run's length so far: its end, or that of its last node. @param {State} state @param {number} now */
export function totalTime(state, now) {
  let last = state.run.seconds ?? 0;
  for (const node of state.nodes.values()) last = Math.max(last, node.end ?? now);
  return Math.max(last, 0.001);
}

/** How many model calls were in flight in each of `width` equal parts of the drawn time. @param {State} state @param {TimeScale} scale @param {number} width @param {number} now */
export function inFlight(state, scale, width, now) {
  const change = new Int32Array(width + 1);
  const at = (/** @type {number} */ time) => Math.max(0, Math.min(width - 1, Math.floor(scale.drawn(time) / scale.length * width)));
  const sent = sending(state);
  for (const node of state.nodes.values()) {
    const [from, to] = [sent(node), node.end ?? now];
    if (node.kind !== 'lm' || from === Infinity) continue;
    change[at(from)] += 1;
    change[Math.max(at(from) + 1, at(to))] -= 1;
  }
  const counts = new Int32Array(width);
  let flying = 0;
  for (let x = 0; x < width; x += 1) counts[x] = flying += change[x];
  return counts;
}

/** The most model calls that ran at the same moment. @param {State} state @param {number} now */
export function peak(state, now) {
  const sent = sending(state);
  const [begins, ends] = [/** @type {number[]} */ ([]), /** @type {number[]} */ ([])];
  for (const node of state.nodes.values()) {
    if (node.kind !== 'lm') continue;
    const [from, to] = [sent(node), node.end ?? now];
    if (from === Infinity) continue;
    begins.push(from);
    ends.push(released({ from, to }));
  }
  const [inOrder, over] = [Float64Array.from(begins).sort(), Float64Array.from(ends).sort()];
  let [most, ended] = [0, 0];
  inOrder.forEach((from, begun) => {
    while (over[ended] <= from) ended += 1;
    most = Math.max(most, begun + 1 - ended);
  });
  return most;
}
