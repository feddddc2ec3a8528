// The browser reads a query as the server does: the same tokens, and where the skeleton tells all, the same nodes.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { marks, read, tokens } from '../../frontend/static/frontend/js/query.js';
import { load } from '../../frontend/static/frontend/js/state.js';

const { words, lines, runs } = JSON.parse(readFileSync(process.env.QUERIES, 'utf-8'));

test('any line falls into the same tokens', () => {
  assert.ok(lines.length > 5_000);
  for (const { line, told } of lines) {
    assert.deepEqual(tokens(line).map(({ negated, text, how }) => [negated, text, how]), told, JSON.stringify(line));
  }
});

test('figures and names choose the same nodes', () => {
  let compared = 0;
  for (const { tree, queries } of runs) {
    const state = load(tree);
    for (const { line, numbers } of queries) {
      const reading = read(line, words, state, state.run.seconds ?? 0);
      const found = [...state.nodes.values()].filter(reading.test).map(node => node.number);
      assert.equal(reading.isWhole, true, line);
      assert.deepEqual(found, numbers, line);
      compared += numbers.length > 0;
    }
  }
  assert.ok(compared > 30);
});

test('texts are left to the server, but names are told at once', () => {
  const state = load(runs[0].tree);
  const reading = read('peek in:code -in:answer kind:cell', words, state, 0);
  assert.equal(reading.isWhole, false);
  assert.deepEqual(reading.scopes, ['code']);
  assert.ok([...state.nodes.values()].filter(reading.test).every(node => node.name.includes('peek')));
  assert.equal(read(' \u00a0 ', words, state, 0), null);
  for (const line of ['kind:', 'cost:cheap', 'reads:x', 'time:>2days', 'tier:s']) {
    assert.equal(read(line, words, state, 0).isWhole, false, line);
  }
});

test('words are marked whatever their case and the space between them, expressions and negated ones are not', () => {
  const texts = tokens('"a.b  C" -not /x+/ d*');
  assert.deepEqual('A.B\n c, aXb c, d*, xx, not'.match(marks(texts)), ['A.B\n c', 'd*']);
  assert.equal(marks(tokens('-a /b/')), null);
});
