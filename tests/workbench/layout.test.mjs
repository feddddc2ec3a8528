// Rows of the tree, lanes of the time line, idle gaps: on made-up runs and on small ones by hand.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { bands } from '../../frontend/static/frontend/js/bands.js';
import * as layout from '../../frontend/static/frontend/js/layout.js';
import * as timing from '../../frontend/static/frontend/js/timing.js';
import { apply, create, load } from '../../frontend/static/frontend/js/state.js';
import { peer } from '../../frontend/static/frontend/js/walks.js';

const run = name => {
  const state = create();
  for (const event of JSON.parse(readFileSync(`${process.env.RUNS}/${name}.json`, 'utf8')).events) apply(state, event);
  return state;
};
const COLUMNS = ['number', 'parent', 'kind', 'depth', 'name', 'status', 'start', 'end', 'queued_ms', 'batch'];
const byHand = (rows, status = 'succeeded') => load({
  columns: COLUMNS, rows: rows.map(row => [...row, ...Array(COLUMNS.length - row.length).fill(null)]), last_seq: 1,
  run: { status, usage: {}, cost: {}, policy: { concurrency: 2 }, started_at: '2026-11-23T01:00:00.000000Z', finished_at: null },
});
const recursive = run('recursive');
const now = timing.totalTime(recursive, 0);

test('a batch is one row until it is opened', () => {
  const closed = layout.rows(recursive, new Map());
  const batch = closed.find(row => row.batch?.kind === 'lm');
  assert.equal(batch.open, false);
  const open = layout.rows(recursive, new Map([[batch.id, true]]));
  assert.equal(open.length, closed.length + batch.batch.items.length);
});

test('what a refused item took hangs under its first call, and counts as one', () => {
  const judged = run('judged');
  const closed = layout.rows(judged, new Map());
  const { batch, id } = closed.find(row => row.batch?.items.length === 30);
  const found = layout.rows(judged, new Map([[id, true]])).filter(row => row.level > 5 || row.node?.kind === 'gate');
  const hung = found.filter(row => row.node?.under);
  assert.deepEqual(hung.map(row => row.node.kind), ['gate', 'lm', 'gate', 'lm']);
  assert.ok(hung.every(row => row.above === String(row.node.under) && row.node.follows === row.node.under));
  const { count, done, failed, longest } = layout.figures(judged, batch, 0);
  assert.deepEqual([count, done, failed], [30, 30, 0]);
  const again = batch.items.find(item => judged.hung.has(item.number));
  const { calls, last, seconds } = layout.outcome(judged, again);
  assert.deepEqual(calls.map(call => call.kind), ['lm', 'gate', 'lm']);
  assert.ok(seconds <= longest && Math.abs(seconds - (last.end - timing.began(again))) < 1e-9);
});

test('the next call of a batch is reached from a call, from all that hangs or lies below it, and from the batch', () => {
  const judged = run('judged');
  const { batch } = layout.rows(judged, new Map()).find(row => row.batch?.items.length === 30);
  const numbers = batch.items.map(item => String(item.number));
  const from = (state, number, places) => peer(state, { node: state.nodes.get(number), batch: null }, places);
  assert.deepEqual([1, -1].map(places => peer(judged, { node: null, batch }, places)), [numbers[0], numbers[29]]);
  assert.deepEqual(batch.items.map(item => from(judged, item.number, 1)), [...numbers.slice(1), undefined]);
  const again = batch.items.find(item => judged.hung.has(item.number));
  for (const hung of judged.hung.get(again.number)) assert.equal(from(judged, hung, -1), from(judged, again.number, -1));
  const children = layout.rows(recursive, new Map()).find(row => row.batch?.kind === 'rlm').batch.items;
  const [step] = recursive.children.get(children[1].number);
  assert.deepEqual([-1, 1].map(places => from(recursive, step, places)), [children[0].number, children[2].number].map(String));
  assert.equal(from(recursive, 1, 1), undefined);
});

test('rows say level, position and size as a treegrid needs them', () => {
  const rows = layout.rows(recursive, new Map());
  assert.deepEqual([rows[0].level, rows[0].position, rows[0].size, rows[0].open], [1, 1, 1, true]);
  for (const row of rows.slice(1)) {
    const above = rows.find(each => each.id === row.above);
    assert.equal(row.level, above.level + 1);
    assert.ok(row.position >= 1 && row.position <= row.size);
  }
  const steps = rows.filter(row => row.above === '1');
  assert.deepEqual(steps.map(row => row.position), steps.map((_, index) => index + 1));
});

test('opening what lies above a node makes it visible, at any depth', () => {
  for (const node of recursive.nodes.values()) {
    const opened = new Map(layout.pathTo(recursive, node.number).map(id => [id, true]));
    assert.ok(layout.rows(recursive, opened).some(row => row.node === node), `node ${node.number}`);
  }
});

test('a search shows what fits and all above it, and nothing else', () => {
  const hits = [...recursive.nodes.values()].filter(node => node.kind === 'lm' && node.status === 'failed').map(node => node.number);
  assert.equal(hits.length, 2);
  const rows = layout.rows(recursive, new Map(), layout.withAbove(recursive, hits));
  assert.deepEqual(rows.filter(row => row.node?.status === 'failed').map(row => row.node.number), hits);
  assert.ok(rows.length < 10);
});

test('figures of a batch count failures and leave queueing out of the times', () => {
  const [batch] = layout.rows(recursive, new Map()).filter(row => row.batch?.items.length === 30);
  const figures = layout.figures(recursive, batch.batch, now);
  assert.deepEqual([figures.count, figures.failed, figures.running], [30, 2, 0]);
  assert.equal([...figures.bins, ...figures.failures].reduce((sum, value) => sum + value), 30);
  assert.ok(figures.p50 <= figures.p95 && figures.p95 <= figures.longest);
});

test('bars of one lane never overlap', () => {
  for (const band of bands(recursive, now).slice(1)) {
    for (const lane of band.lanes) {
      for (let at = 1; at < lane.size; at += 1) assert.ok(lane.from[at] >= lane.to[at - 1] - 0.006);
    }
  }
});

test('as many lanes as calls were in flight', () => {
  const [, band] = bands(run('with_batch'), timing.totalTime(run('with_batch'), 0));
  assert.equal(band.lanes.length, 16);
  assert.equal(timing.peak(run('with_batch'), 0), 16);
});

test('each bar lies in the lowest lane that is free, however many there are', () => {
  let seed = 7;
  const chance = () => (seed = seed * 16807 % 2147483647) / 2147483647;
  const calls = Array.from({ length: 900 }, (_, index) => {
    const start = Math.round(chance() * 4000) / 100;
    return [index + 3, 2, 'lm', 1, '', 'succeeded', start, start + 0.1 + chance() * 9];
  });
  const state = byHand([[1, null, 'rlm', 0, '', 'succeeded', 0, 60], [2, 1, 'cell', 0, '', 'succeeded', 0, 60], ...calls]);
  const { lanes } = bands(state, 60)[1];
  const free = [];
  for (const [number, , , , , , from, to] of [...calls].sort((one, other) => one[6] - other[6] || one[0] - other[0])) {
    const lowest = free.findIndex(until => until <= from);
    const slot = lowest < 0 ? free.length : lowest;
    free[slot] = timing.released({ from, to });
    assert.ok(lanes[slot].nodes.some(node => node.number === number), `node ${number} in lane ${slot}`);
  }
  assert.equal(lanes.length, free.length);
  assert.ok(free.length > 64);
});

test('gates and what they ask lie beside the calls that they judge', () => {
  const judged = run('judged');
  const found = bands(judged, 0).map(({ lanes }) => lanes.flatMap(lane => lane.nodes.map(node => node.kind)));
  assert.equal(found[1].filter(kind => kind === 'gate').length, 2);
  assert.equal(found[0].filter(kind => kind === 'gate').length, 2);
  assert.equal(found.flat().length, judged.nodes.size);
});

test('the work of a sub-RLM lies in the lane below its frame', () => {
  const [, band] = bands(recursive, now);
  const frames = band.lanes.flatMap((lane, index) => lane.rows.flatMap((rows, at) => (rows === 2 ? [[index, lane.from[at], lane.to[at]]] : [])));
  assert.equal(frames.length, 5);
  for (const [index, from, to] of frames) {
    const { size, from: begins, to: ends } = band.lanes[index + 1];
    const below = Array.from({ length: size }, (_, at) => at).filter(at => begins[at] >= from && ends[at] <= to);
    assert.equal(below.length, 6);
  }
});

test('calls that wait for a slot are not drawn as if they were in flight', () => {
  const waiting = byHand([
    [1, null, 'rlm', 0, '', 'running', 0], [2, 1, 'cell', 0, '', 'running', 0],
    ...[3, 4, 5, 6].map(number => [number, 2, 'lm', 1, '', 'running', 1, null, null, 3]),
  ], 'running');
  assert.deepEqual(timing.openCalls(waiting), { flying: 2, waiting: 2 });
  assert.equal(bands(waiting, 2)[1].lanes.length, 2);
  assert.equal(timing.peak(waiting, 2), 2);
});

test('an open call that waited began when a slot was freed', () => {
  const state = byHand([
    [1, null, 'rlm', 0, '', 'running', 0], [2, 1, 'cell', 0, '', 'running', 0],
    [3, 2, 'lm', 1, '', 'succeeded', 1, 4, 0, 3], [4, 2, 'lm', 1, '', 'running', 1, null, null, 3],
    [5, 2, 'lm', 1, '', 'running', 1, null, null, 3], [6, 2, 'lm', 1, '', 'running', 1, null, null, 3],
  ], 'running');
  const sent = timing.sending(state);
  assert.deepEqual([3, 4, 5, 6].map(number => sent(state.nodes.get(number))), [1, 1, 4, Infinity]);
  assert.equal(bands(state, 6)[1].lanes.length, 2);
});

test('idle time is found and squeezed, and both ways of the scale agree', () => {
  const gaps = timing.idleGaps(recursive, now, now);
  assert.equal(gaps.length, 1);
  assert.ok(Math.abs(gaps[0][1] - gaps[0][0] - 34) < 0.1);
  const scale = new timing.TimeScale(gaps, now, true);
  assert.ok(scale.length < now - 28);
  for (let time = 0; time <= now; time += now / 97) assert.ok(Math.abs(scale.time(scale.drawn(time)) - time) < 1e-6);
  assert.equal(new timing.TimeScale(gaps, now, false).length, now);
});

test('calls in flight are counted for each part of the time', () => {
  const scale = new timing.TimeScale([], now, false);
  const counts = timing.inFlight(recursive, scale, 200, now);
  assert.equal(Math.max(...counts), timing.peak(recursive, now));
  assert.ok(Math.min(...counts) === 0);
});
