// The browser's state, built from a run's log, against what the server folded from the same log.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { addCost, addUsd, apply, create, load, seconds, subtree, subtreeCost, sumCosts } from '../../frontend/static/frontend/js/state.js';

const FOLDER = process.env.RUNS;
const runs = readdirSync(FOLDER).map(file => [file.replace('.json', ''), JSON.parse(readFileSync(`${FOLDER}/${file}`, 'utf8'))]);
const withBatch = runs.find(([name]) => name === 'with_batch')?.[1];
const CLOSE = 2e-6;

function fromLog(events, state = create()) {
  for (const event of events) apply(state, event);
  return state;
}

function sameTime(one, other, where) {
  if (one === null || other === null) assert.equal(one, other, where);
  else assert.ok(Math.abs(one - other) <= CLOSE, `${where}: ${one} and ${other}`);
}

function sameState(one, other) {
  assert.equal(one.seq, other.seq);
  assert.equal(one.nodes.size, other.nodes.size);
  for (const [number, node] of one.nodes) {
    const { start, end, ...rest } = node;
    const { start: otherStart, end: otherEnd, ...otherRest } = other.nodes.get(number);
    assert.deepEqual(rest, otherRest, `node ${number}`);
    sameTime(start, otherStart, `start of node ${number}`);
    sameTime(end, otherEnd, `end of node ${number}`);
  }
  assert.deepEqual(one.children, other.children);
  assert.deepEqual(one.unpriced, other.unpriced);
  const { startedAt, seconds: took, documents, policy, sources, ...rest } = one.run;
  const { startedAt: otherStarted, seconds: otherTook, documents: _, policy: __, sources: otherSources, ...otherRest } = other.run;
  assert.deepEqual(rest, otherRest, 'the run');
  assert.deepEqual(sources, otherSources);
  sameTime(startedAt, otherStarted, 'start of the run');
  sameTime(took, otherTook, 'length of the run');
}

for (const [name, { events, cuts }] of runs) {
  for (const { after, tree } of cuts) {
    test(`${name}: rows at event ${after} say what the log says`, () => {
      sameState(fromLog(events.slice(0, after)), load(tree));
    });
    test(`${name}: rows at event ${after} and the events after it lead to the same as the whole log`, () => {
      sameState(fromLog(events, load(tree)), fromLog(events));
    });
  }

  test(`${name}: events that come twice change nothing`, () => {
    const twice = fromLog(events.flatMap(event => [event, event]));
    sameState(twice, fromLog(events));
    sameState(fromLog(events, fromLog(events)), fromLog(events));
  });

  test(`${name}: the calls' costs add up to the run's, to the last digit`, () => {
    const state = fromLog(events);
    let sum = '0';
    for (const node of state.nodes.values()) if (node.usd !== null) sum = addUsd(sum, node.usd);
    assert.equal(sum, state.run.cost.usd ?? '0');
  });

  test(`${name}: what open nodes have spent is kept up by events and by loading`, () => {
    const half = Math.floor(events.length / 2);
    const cut = cuts.find(each => each.after === half);
    if (cut) assert.deepEqual(fromLog(events.slice(0, half)).spent, load(cut.tree).spent);
    if (fromLog(events).run.status !== 'running') assert.equal(fromLog(events).spent.size, 0);
  });
}

test('microseconds of a moment are kept', () => {
  const gap = seconds('2026-11-23T01:02:03.456789Z') - seconds('2026-11-23T01:02:03.000000Z');
  assert.ok(Math.abs(gap - 0.456789) < 1e-6);
});

test('money is added without rounding', () => {
  assert.equal(addUsd('0.1', '0.2'), '0.3');
  assert.equal(addUsd('0.000000000001', '12345678901.999999999999'), '12345678902');
});

test('many costs are added without rounding, however large or small', () => {
  const amounts = ['0.000000000001', '12345678901.999999999999', '3999.999999999999', '0.1', '0.2', '7', '0.0010756', '4000', '1e0'.replace('e0', '')];
  const costs = Array.from({ length: 5_000 }, (_, index) => ({ usd: amounts[index % amounts.length], kind: 'exact', unpriced_calls: 0 }));
  assert.equal(sumCosts([...costs, null]).usd, costs.reduce((sum, cost) => addUsd(sum, cost.usd), '0'));
  assert.equal(sumCosts([{ usd: null, kind: 'unknown', unpriced_calls: 1 }]).usd, null);
});

test('a cost that nobody knows is counted, never taken for 0', () => {
  const known = { usd: '0.5', kind: 'exact', unpriced_calls: 0 };
  const unknown = { usd: null, kind: 'unknown', unpriced_calls: 1 };
  assert.deepEqual(addCost(known, unknown), { usd: '0.5', kind: 'unknown', unpriced_calls: 1 });
  assert.deepEqual(addCost(unknown, unknown), { usd: null, kind: 'unknown', unpriced_calls: 2 });
});

test('a subtree is a node and all below it', () => {
  const state = fromLog(runs[0][1].events);
  assert.equal(subtree(state, 1).length, state.nodes.size);
  assert.deepEqual(subtree(state, 3).map(node => node.number), [3]);
});

test('a subtree with a call of unknown price says so, all the way up', { skip: !withBatch }, () => {
  const state = fromLog(withBatch.events);
  const call = [...state.nodes.values()].find(node => node.cost_kind === 'unknown');
  assert.deepEqual(subtreeCost(state, call), { usd: null, kind: 'unknown', unpriced_calls: 1 });
  assert.equal(subtreeCost(state, state.nodes.get(1)).unpriced_calls, 1);
  assert.ok(Number(subtreeCost(state, state.nodes.get(1)).usd) > 0);
});
