// @ts-check
// The bars of the time line: which lane of which band each node lies in. Pure: no page, no drawing.
import { released, sending } from './timing.js';

/** @typedef {import('./state.js').State} State */
/** @typedef {import('./state.js').Node} Node */

/**
 * @typedef {{ depth: number, note: string, lanes: Lane[] }} Band
 * @typedef {{ node: Node, from: number, to: number, inside: Lane }} Block  a sub-RLM: its frame, and its own work
 * @typedef {{ top: Lane[], calls: Lane, blocks: Block[] }} Level  what is at one depth
 */

/** Bars that follow one another, in columns: a hundred thousand of them cost no objects. */
export class Lane {
  constructor() {
    /** @type {Node[]} */
    this.nodes = [];
    /** @type {number[]} */
    this.from = [];
    /** @type {number[]} */
    this.to = [];
    /** How many rows of its band each covers. @type {number[]} */
    this.rows = [];
    /** @type {number[] | undefined} */
    this.failures = undefined;
  }

  get size() {
    return this.nodes.length;
  }

  /** @param {Node} node @param {number} from @param {number} to @param {number} [rows] */
  add(node, from, to, rows = 1) {
    this.nodes.push(node);
    this.from.push(from);
    this.to.push(to);
    this.rows.push(rows);
  }

  /** @param {number} at @param {Lane} other */
  insert(at, other) {
    this.nodes.splice(at, 0, ...other.nodes);
    this.from.splice(at, 0, ...other.from);
    this.to.splice(at, 0, ...other.to);
    this.rows.splice(at, 0, ...other.rows);
  }

  /** Indexes of the bars that failed. */
  failed() {
    this.failures ??= this.nodes.flatMap((node, at) => (node.status === 'failed' ? at : []));
    return this.failures;
  }

  /** The first bar that ends at or after a moment. @param {number} time */
  firstEnding(time) {
    let [low, high] = [0, this.to.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.to[middle] < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/**
 * Bands by depth. Depth 0: the rlm, its steps, its work. Deeper: a lane for each call in flight, then two for each
 * sub-RLM (its frame, and its own work inside).
 * @param {State} state @param {number} now @returns {Band[]}
 */
export function bands(state, now) {
  return levels(state, now).map(({ top, calls, blocks }, depth) => {
    if (!depth) return { depth, note: '', lanes: top };
    const lanes = pack(calls);
    const many = lanes.length;
    for (const block of blocks) placeBlock(lanes, block);
    const children = blocks.length;
    const note = many ? `${many} at once` : `${children} sub-RLM${children === 1 ? '' : 's'}`;
    return { depth, note, lanes };
  });
}

/** Sorts what is drawn by depth and by how it is drawn. @param {State} state @param {number} now */
function levels(state, now) {
  const found = /** @type {Level[]} */ ([]);
  const sent = sending(state);
  const insideOf = /** @type {Map<number, Lane>} */ (new Map()); // by rlm node, and by the steps in it
  for (const node of state.nodes.values()) {
    const [from, to] = [sent(node), node.end ?? now];
    if (from === Infinity) continue;
    const above = state.nodes.get(node.parent ?? -1);
    const isCall = node.kind !== 'rlm' && (above?.kind === 'cell' || above?.kind === 'gate');
    const depth = isCall ? above.depth + 1 : node.depth;
    while (found.length <= depth) found.push({ top: [new Lane(), new Lane(), new Lane()], calls: new Lane(), blocks: [] });
    const level = found[depth];
    if (isCall) {
      level.calls.add(node, from, to);
      continue;
    }
    if (node.kind === 'rlm') {
      const inside = new Lane();
      insideOf.set(node.number, inside);
      if (node.depth) level.blocks.push({ node, from, to, inside });
      else level.top[0].add(node, from, to);
      continue;
    }
    const inside = insideOf.get(node.parent ?? -1);
    if (inside && node.kind === 'step') insideOf.set(node.number, inside);
    if (node.depth === 0) level.top[node.kind === 'step' ? 1 : 2].add(node, from, to);
    else if (node.kind !== 'step') inside?.add(node, from, to);
  }
  return found;
}

/** Puts bars that overlap into different lanes, each into the lowest that is free. @param {Lane} calls */
function pack(calls) {
  const lanes = /** @type {Lane[]} */ ([]);
  const slots = new Slots();
  for (const at of inOrder(calls.from)) {
    const [from, to] = [calls.from[at], calls.to[at]];
    const slot = slots.lowestFree(from);
    slots.take(slot, released({ from, to }));
    lanes[slot] ??= new Lane();
    lanes[slot].add(calls.nodes[at], from, to);
  }
  return lanes;
}

/** Indexes in the order of their values. @param {number[]} values */
function inOrder(values) {
  const order = Uint32Array.from(values, (_, index) => index);
  const isSorted = values.every((value, index) => !index || value >= values[index - 1]);
  return isSorted ? order : order.sort((one, other) => values[one] - values[other] || one - other);
}

/** When each slot is free again, as a tree whose inner places hold the earliest of those below. */
class Slots {
  constructor() {
    this.many = 64;
    this.free = new Float64Array(2 * this.many).fill(-Infinity);
  }

  /** @param {number} time */
  lowestFree(time) {
    if (this.free[1] > time) this.grow();
    let at = 1;
    while (at < this.many) at = this.free[2 * at] <= time ? 2 * at : 2 * at + 1;
    return at - this.many;
  }

  /** @param {number} slot @param {number} until */
  take(slot, until) {
    let at = slot + this.many;
    this.free[at] = until;
    for (at >>= 1; at; at >>= 1) this.free[at] = Math.min(this.free[2 * at], this.free[2 * at + 1]);
  }

  grow() {
    const old = this.free.subarray(this.many);
    this.many *= 2;
    this.free = new Float64Array(2 * this.many).fill(-Infinity);
    old.forEach((until, slot) => this.take(slot, until));
  }
}

/** Puts the frame of a sub-RLM and its work into the first two lanes, one below the other, that are free for it. @param {Lane[]} lanes @param {Block} block */
function placeBlock(lanes, { node, from, to, inside }) {
  const isFree = (/** @type {Lane | undefined} */ lane) => !lane || !(lane.from[lane.firstEnding(from + 1e-9)] < to);
  let top = 0;
  while (!isFree(lanes[top]) || !isFree(lanes[top + 1])) top += 1;
  while (lanes.length < top + 2) lanes.push(new Lane());
  const frame = new Lane();
  frame.add(node, from, to, 2);
  for (const [lane, bars] of /** @type {[Lane, Lane][]} */ ([[lanes[top], frame], [lanes[top + 1], inside]])) {
    lane.insert(lane.firstEnding(from + 1e-9), bars);
  }
}
