// @ts-check
// Several runs on one axis of time: the steps of each and its calls in flight. Pure: no page, no drawing.
import { sending, totalTime } from './timing.js';

/** @typedef {import('./state.js').State} State */
/**
 * @typedef {{ from: number, to: number, position: number, number: number }} Step  number: of its node
 * @typedef {{ steps: Step[], calls: [number, number][], total: number, peak: number }} Lane  seconds since the run's start
 * @typedef {'common' | 'own'} AxisKind  common: the same seconds for all; own: the whole of each run
 */

/** Steps of the root and calls of one run. @param {State} state @param {number} now @returns {Lane} */
export function laneOf(state, now) {
  const total = totalTime(state, now);
  const sent = sending(state);
  const steps = /** @type {Step[]} */ ([]);
  const calls = /** @type {[number, number][]} */ ([]);
  for (const node of state.nodes.values()) {
    const to = node.end ?? now;
    if (node.kind === 'step' && node.depth === 0) steps.push({ from: node.start, to, position: steps.length + 1, number: node.number });
    if (node.kind !== 'lm') continue;
    const from = sent(node);
    if (from !== Infinity) calls.push([from, Math.max(from, to)]);
  }
  return { steps, calls, total, peak: most(calls) };
}

/** The most calls at the same moment. @param {[number, number][]} calls */
function most(calls) {
  const moments = calls.flatMap(([from, to]) => /** @type {[number, number][]} */ ([[from, 1], [to - Math.min(0.005, (to - from) / 4), -1]]));
  moments.sort((one, other) => one[0] - other[0] || one[1] - other[1]);
  let [flying, peak] = [0, 0];
  for (const [, change] of moments) peak = Math.max(peak, flying += change);
  return peak;
}

/** Which part of the lanes is looked at: from and to in parts of the whole axis. */
export class Axis {
  /** @param {Lane[]} lanes @param {AxisKind} kind @param {[number, number]} view */
  constructor(lanes, kind, view) {
    this.longest = Math.max(...lanes.map(lane => lane.total), 0.001);
    this.kind = kind;
    this.view = view;
  }

  /** Seconds that the whole axis stands for. @param {Lane} lane */
  length(lane) {
    return this.kind === 'own' ? lane.total : this.longest;
  }

  /** Where a moment lies in what is looked at: 0 is its left edge, 1 its right one. @param {Lane} lane @param {number} time */
  place(lane, time) {
    const [from, to] = this.view;
    return (time / this.length(lane) - from) / (to - from);
  }

  /** @param {Lane} lane @param {number} place */
  time(lane, place) {
    const [from, to] = this.view;
    return (from + place * (to - from)) * this.length(lane);
  }
}

const CLOSEST = 0.002;
const TINY = 1e-9;

/** A view inside the axis, no closer than can be read. @param {number} from @param {number} to @returns {[number, number]} */
export function clamped(from, to) {
  const width = Math.min(1, Math.max(CLOSEST, to - from));
  const left = Math.max(0, Math.min(1 - width, from));
  return [left, left + width];
}

/** How many calls were in flight in each of `width` equal parts of the view. @param {Lane} lane @param {Axis} axis @param {number} width */
export function flights(lane, axis, width) {
  const change = new Int32Array(width + 1);
  for (const [from, to] of lane.calls) {
    const left = Math.floor(axis.place(lane, from) * width + TINY);
    const right = Math.max(left + 1, Math.floor(axis.place(lane, to) * width + TINY));
    if (right <= 0 || left >= width) continue;
    change[Math.max(0, left)] += 1;
    if (right < width) change[right] -= 1;
  }
  const counts = new Int32Array(width);
  for (let x = 0, flying = 0; x < width; x += 1) counts[x] = flying += change[x];
  return counts;
}

/** Calls in flight at a moment. @param {Lane} lane @param {number} time */
export const flyingAt = (lane, time) => lane.calls.reduce((number, [from, to]) => number + (from <= time && time < to ? 1 : 0), 0);

/** The step that goes on at a moment. @param {Lane} lane @param {number} time */
export const stepAt = (lane, time) => lane.steps.find(step => step.from <= time && time < step.to) ?? null;
