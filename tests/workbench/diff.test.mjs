// What differs between two texts, and several runs on one axis of time.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changes, common, markedWords, sideBySide, words } from '../../frontend/static/frontend/js/diff.js';
import { Axis, clamped, flights, flyingAt, laneOf, stepAt } from '../../frontend/static/frontend/js/lanes.js';
import { load } from '../../frontend/static/frontend/js/state.js';

const rebuilt = (one, other) => {
  let [left, right, at] = [[], [], 0];
  for (const [first, last, otherFirst, otherLast] of changes(one, other)) {
    left.push(...one.slice(at, first), ...one.slice(first, last));
    right.push(...one.slice(at, first), ...other.slice(otherFirst, otherLast));
    at = last;
  }
  return [[...left, ...one.slice(at)].join(''), [...right, ...one.slice(at)].join('')];
};
let seed = 1;
const chance = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
const random = (length, signs) => Array.from({ length }, () => signs[Math.floor(chance() * signs.length)]);

test('both texts can be made again from what differs', () => {
  for (let turn = 0; turn < 40; turn += 1) {
    const [one, other] = [random(Math.floor(chance() * 80), 'abcd'), random(Math.floor(chance() * 80), 'abcd')];
    assert.deepEqual(rebuilt(one, other), [one.join(''), other.join('')]);
  }
});

test('pairs rise on both sides and are equal', () => {
  const [one, other] = [random(400, 'abcdefgh'), random(380, 'abcdefgh')];
  const pairs = common(one, other);
  pairs.forEach(([at, beside], index) => {
    assert.equal(one[at], other[beside]);
    if (index) assert.ok(at > pairs[index - 1][0] && beside > pairs[index - 1][1]);
  });
  assert.ok(pairs.length > 150);
});

test('a line put in and one changed', () => {
  const lines = sideBySide(['a', 'b', 'c'], ['a', 'x', 'b', 'd']);
  assert.deepEqual(lines, [
    { how: 'same', left: 0, right: 0 }, { how: 'changed', left: null, right: 1 }, { how: 'same', left: 1, right: 2 },
    { how: 'changed', left: 2, right: 3 },
  ]);
});

test('words that differ are marked, whatever the script', () => {
  const parts = markedWords('Vier Ausfälle 2025', 'Fünf Ausfälle 2025');
  assert.deepEqual(parts, [{ text: 'Vier', marked: true }, { text: ' Ausfälle 2025', marked: false }]);
  assert.deepEqual(words('日本 x😀').join('|'), '日本| |x|😀');
});

test('hostile texts end soon', () => {
  const many = Array.from({ length: 60_000 }, (_, at) => `line ${at}`);
  const pairs = [
    [many, many.map((line, at) => (at % 7 ? line : `${line}!`))],
    [many, [...many].reverse()],
    [random(30_000, 'ab'), random(30_000, 'ab')],
    [random(30_000, 'a'), random(29_000, 'b')],
  ];
  for (const [one, other] of pairs) {
    const began = performance.now();
    const found = rebuilt(one, other);
    assert.ok(performance.now() - began < 3_000);
    assert.deepEqual(found, [one.join(''), other.join('')]);
  }
});

// ------------------------------------------------------------------------------------------------ lanes

const COLUMNS = ['number', 'parent', 'kind', 'depth', 'name', 'status', 'start', 'end', 'queued_ms', 'batch'];
const byHand = (rows, seconds) => load({
  columns: COLUMNS, rows: rows.map(row => [...row, ...Array(COLUMNS.length - row.length).fill(null)]), last_seq: 1,
  run: {
    status: 'succeeded', usage: {}, cost: {}, policy: {}, started_at: '2026-11-23T01:00:00.000000Z',
    finished_at: `2026-11-23T01:00:${String(seconds).padStart(2, '0')}.000000Z`,
  },
});
const short = laneOf(byHand([
  [1, null, 'rlm', 0, 'q', 'succeeded', 0, 10], [2, 1, 'step', 0, 'Step 1', 'succeeded', 0, 4], [3, 2, 'lm', 0, 'r', 'succeeded', 0, 2],
  [4, 1, 'step', 0, 'Step 2', 'succeeded', 6, 10], [5, 4, 'lm', 0, 'r', 'succeeded', 6, 9], [6, 4, 'lm', 1, 'x', 'succeeded', 6, 8, 1000],
], 10), 0);
const long = laneOf(byHand([[1, null, 'rlm', 0, 'q', 'succeeded', 0, 40], [2, 1, 'step', 0, 'Step 1', 'succeeded', 0, 40]], 40), 0);

test('a lane knows its steps, its calls and its end', () => {
  assert.deepEqual(short.steps.map(step => [step.from, step.to, step.position, step.number]), [[0, 4, 1, 2], [6, 10, 2, 4]]);
  assert.deepEqual([short.total, short.peak, flyingAt(short, 6.5), flyingAt(short, 7.5), stepAt(short, 5)], [10, 2, 1, 2, null]);
});

test('runs share seconds, or each has the whole axis', () => {
  const lanes = [short, long];
  const common = new Axis(lanes, 'common', [0, 1]);
  assert.deepEqual([common.place(short, 10), common.place(long, 10), common.time(short, 0.5)], [0.25, 0.25, 20]);
  const own = new Axis(lanes, 'own', [0, 1]);
  assert.deepEqual([own.place(short, 10), own.place(long, 40), own.time(short, 0.5)], [1, 1, 5]);
  const near = new Axis(lanes, 'own', [0.5, 1]);
  assert.deepEqual([near.place(short, 5), near.time(short, 0)], [0, 5]);
});

test('calls in flight are counted for what is looked at', () => {
  assert.deepEqual([...flights(short, new Axis([short], 'common', [0, 1]), 10)], [1, 1, 0, 0, 0, 0, 1, 2, 1, 0]);
  assert.deepEqual([...flights(short, new Axis([short], 'common', [0.6, 0.9]), 3)], [1, 2, 1]);
});

test('a view stays inside the axis', () => {
  assert.deepEqual(clamped(-0.5, 0.5), [0, 1]);
  const [left, right] = clamped(0.9, 1.3);
  assert.ok(Math.abs(left - 0.6) < 1e-9 && Math.abs(right - 1) < 1e-9);
  const [from, to] = clamped(0.5, 0.5);
  assert.ok(to - from > 0 && from >= 0 && to <= 1);
});
