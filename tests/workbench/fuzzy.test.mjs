// How names are found by some of their letters.
import assert from 'node:assert/strict';
import test from 'node:test';
import { match } from '../../frontend/static/frontend/js/fuzzy.js';

/** @param {string} wanted @param {string[]} names */
const best = (wanted, names) => names.map(name => ({ name, hit: match(wanted, name) }))
  .filter(({ hit }) => hit).sort((one, other) => other.hit.score - one.hit.score).map(({ name }) => name);

test('letters must stand in the name in their order', () => {
  assert.deepEqual(match('rns', 'Runs')?.at, [0, 2, 3]);
  assert.equal(match('snr', 'Runs'), null);
  assert.equal(match('runs', 'Run'), null);
});

test('case and spaces of what is typed do not matter', () => {
  assert.deepEqual(match('ASK q', 'Ask a question')?.at, [0, 1, 2, 6]);
});

test('nothing typed fits everything', () => {
  assert.deepEqual(match('  ', 'Runs'), { score: 0, at: [] });
});

test('beginnings of words go before letters inside them', () => {
  assert.deepEqual(best('cp', ['Escape', 'Show the critical path']), ['Show the critical path', 'Escape']);
  assert.deepEqual(best('set', ['Asset list', 'Settings: about']), ['Settings: about', 'Asset list']);
  assert.deepEqual(match('dark', 'Switch to a dark ark')?.at, [12, 13, 14, 15]);
});

test('a beginning of a word that leads nowhere is not taken', () => {
  assert.deepEqual(match('abc', 'aabc b')?.at, [0, 2, 3]);
  assert.deepEqual(match('xby', 'xab by b')?.at, [0, 4, 5]);
  assert.deepEqual(match('xbz', 'xabz b')?.at, [0, 2, 3]);
});

test('signs beyond the first plane count as one', () => {
  assert.deepEqual(match('salt', '🧂 salt')?.at, [2, 3, 4, 5]);
});

test('long names cost little', () => {
  const began = performance.now();
  for (let turn = 0; turn < 100; turn += 1) match('ab'.repeat(40) + 'c', 'ab'.repeat(10_000));
  assert.ok(performance.now() - began < 1_000);
});
