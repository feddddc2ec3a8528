// The critical path in the browser against the server's, number for number and word for word.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { criticalPath } from '../../frontend/static/frontend/js/critical.js';
import { words } from '../../frontend/static/frontend/js/sentence.js';
import { apply, create, load } from '../../frontend/static/frontend/js/state.js';

const FOLDER = process.env.PATHS;

function told(path) {
  const clauses = path.clauses.map(({ key, kind, isBatch, micros, queued, retried, sizes, nodes }) => ({
    key, kind, is_batch: isBatch, micros, queued, retried, sizes: [...sizes].sort((one, other) => other - one),
    nodes: nodes.map(span => Math.abs(span.number)).sort((one, other) => one - other),
  }));
  return {
    micros: path.micros, least: path.least, nodes: [...path.nodes].sort((one, other) => one - other),
    leaves: path.leaves.map(node => node.number), shares: path.shares, clauses,
    waited: path.waited.map(span => span.number), live: path.live, words: words(path),
  };
}

for (const file of readdirSync(FOLDER)) {
  const { cases, events } = JSON.parse(readFileSync(`${FOLDER}/${file}`, 'utf8'));
  test(`${file}: the browser and the server say the same`, () => {
    assert.ok(cases.length);
    for (const { tree, now, path } of cases) assert.deepEqual(told(criticalPath(load(tree), now)), path);
  });
  if (!events) continue;
  test(`${file}: built from its log it is the same too`, () => {
    for (const { now, path, after } of cases) {
      const state = create();
      for (const event of events.slice(0, after)) apply(state, event);
      assert.deepEqual(told(criticalPath(state, now)), path);
    }
  });
}
