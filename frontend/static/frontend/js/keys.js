// @ts-check
// The keys of the workbench: which key does what. Off in text fields; Ctrl and Alt are never taken.
import { $$, typing } from './ui.js';

const PAN = 0.15;
const DOUBLE = 500;

/** @param {import('./workbench.js').Workbench} bench */
export function bindKeys(bench) {
  let lastG = 0;
  const { tree, timeline } = bench;
  const go = (/** @type {string | undefined} */ id) => { if (id !== undefined) bench.select(id, 'key'); };
  /** @type {Record<string, () => void>} */
  const actions = {
    j: () => go(tree.at(1)),
    k: () => go(tree.at(-1)),
    h: () => closeOrUp(bench),
    l: () => openOrDown(bench),
    '[': () => go(bench.sameKind(-1)),
    ']': () => go(bench.sameKind(1)),
    G: () => go(tree.rows.at(-1)?.id),
    g: () => {
      if (performance.now() - lastG < DOUBLE) go(tree.rows[0]?.id);
      lastG = performance.now();
    },
    '/': () => bench.finding.box.focus(),
    n: () => go(bench.finding.next(1)),
    N: () => go(bench.finding.next(-1)),
    e: () => go(bench.nextError()),
    c: () => bench.toggleCritical(),
    z: () => bench.toggleSqueeze(),
    f: () => bench.fitSelection(),
    w: () => timeline.zoom(0.75),
    s: () => timeline.zoom(1 / 0.75),
    a: () => timeline.pan(-PAN),
    d: () => timeline.pan(PAN),
    o: () => bench.openDocument(),
    Escape: () => bench.clear(),
    PageDown: () => go(tree.at(12)),
    PageUp: () => go(tree.at(-12)),
    Home: () => go(tree.rows[0]?.id),
    End: () => go(tree.rows.at(-1)?.id),
  };
  actions.ArrowDown = actions.j;
  actions.ArrowUp = actions.k;
  actions.ArrowLeft = actions.h;
  actions.ArrowRight = actions.l;

  addEventListener('keydown', event => {
    const target = /** @type {Element} */ (event.target);
    if (target === bench.finding.box && event.key === 'Escape') return bench.finding.leave();
    if (target === bench.finding.box && event.key === 'Enter') return go(bench.finding.next(1));
    if (typing(event)) return undefined;
    if (/^[1-7]$/.test(event.key)) return bench.detail.choose($$('[data-tab]')[Number(event.key) - 1]?.dataset.tab ?? '');
    const movesElsewhere = event.key.length > 1 && event.key !== 'Escape' && !movesTree(target);
    if (!actions[event.key] || movesElsewhere) return undefined;
    event.preventDefault();
    bench.touched();
    return actions[event.key]();
  });
}

/** Arrow keys, Page up and so on belong to the tree, or to nobody; elsewhere they scroll or change tabs. @param {Element} target */
const movesTree = target => target === document.body || Boolean(target.closest('.treepane, .tl'));

/** @param {import('./workbench.js').Workbench} bench */
function closeOrUp(bench) {
  const row = bench.tree.row(bench.selected);
  if (row?.open) bench.tree.toggle(row.id, false);
  else if (row?.above) bench.select(row.above, 'key');
}

/** @param {import('./workbench.js').Workbench} bench */
function openOrDown(bench) {
  const row = bench.tree.row(bench.selected);
  if (row?.open === false) bench.tree.toggle(row.id, true);
  else if (row?.open) bench.select(/** @type {string} */ (bench.tree.at(1)), 'key');
}

