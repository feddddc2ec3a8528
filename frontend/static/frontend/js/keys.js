// @ts-check
// What the workbench can do, with its keys.
import { press, register } from './actions.js';
import { $$ } from './ui.js';

const TRACE = 'Trace';
const PAN = 0.15;
const PAGE = 12;

/** @param {import('./workbench.js').Workbench} bench */
export function bindKeys(bench) {
  register(tableOf(bench).map(action => ({
    ...action,
    group: TRACE,
    run: event => {
      bench.touched();
      action.run(event);
    },
  })));
}

/** @param {import('./workbench.js').Workbench} bench @returns {Omit<import('./actions.js').Action, 'group'>[]} */
function tableOf(bench) {
  const { tree, timeline } = bench;
  const to = (/** @type {() => string | undefined} */ place) => () => go(bench, place());
  const moves = (/** @type {KeyboardEvent | undefined} */ event) => !event || event.key.length === 1 || movesTree(/** @type {Element} */ (event.target));
  return [
    { id: 'row.next', words: 'Next / previous row', shown: 'j / k', keys: ['j', 'ArrowDown'], listed: false, when: moves, run: to(() => tree.at(1)) },
    { id: 'row.previous', words: 'Previous row', shown: '', keys: ['k', 'ArrowUp'], listed: false, when: moves, run: to(() => tree.at(-1)) },
    { id: 'row.close', words: 'Close, or go to the parent / open', shown: 'h / l', keys: ['h', 'ArrowLeft'], listed: false, when: moves, run: () => closeOrUp(bench) },
    { id: 'row.open', words: 'Open', shown: '', keys: ['l', 'ArrowRight'], listed: false, when: moves, run: () => openOrDown(bench) },
    { id: 'kind.previous', words: 'Previous / next of the same kind', shown: '[ / ]', keys: ['['], listed: false, run: to(() => bench.sameKind(-1)) },
    { id: 'kind.next', words: 'Next of the same kind', shown: '', keys: [']'], listed: false, run: to(() => bench.sameKind(1)) },
    { id: 'peer.previous', words: 'Previous call of the same batch', keys: ['{'], icon: 'batch', when: () => bench.peer(-1) !== undefined, run: to(() => bench.peer(-1)) },
    { id: 'peer.next', words: 'Next call of the same batch', keys: ['}'], icon: 'batch', when: () => bench.peer(1) !== undefined, run: to(() => bench.peer(1)) },
    { id: 'row.first', words: 'First / last row', shown: 'g g / G', keys: ['g g', 'Home'], listed: false, when: moves, run: to(() => tree.rows[0]?.id) },
    { id: 'row.last', words: 'Last row', shown: '', keys: ['G', 'End'], listed: false, when: moves, run: to(() => tree.rows.at(-1)?.id) },
    { id: 'row.further', words: 'Some rows on', shown: '', keys: ['PageDown'], listed: false, when: moves, run: to(() => tree.at(PAGE)) },
    { id: 'row.back', words: 'Some rows back', shown: '', keys: ['PageUp'], listed: false, when: moves, run: to(() => tree.at(-PAGE)) },
    { id: 'search', words: 'Search this run', keys: ['/'], icon: 'find', run: () => bench.finding.focus() },
    { id: 'hit.next', words: 'Next / previous hit', shown: 'n / N', keys: ['n'], listed: false, run: () => bench.finding.step(1) },
    { id: 'hit.previous', words: 'Previous hit', shown: '', keys: ['N'], listed: false, run: () => bench.finding.step(-1) },
    { id: 'error.next', words: 'Next error', keys: ['e'], icon: 'err', run: to(() => bench.nextError()) },
    { id: 'critical', words: 'Show or hide the critical path', keys: ['c'], icon: 'path', run: () => bench.toggleCritical() },
    { id: 'squeeze', words: 'Squeeze idle time, or show it', keys: ['z'], icon: 'gap', run: () => bench.toggleSqueeze() },
    { id: 'fit', words: 'Fit the selection, again fits all', keys: ['f'], icon: 'fit', run: () => bench.fitSelection() },
    { id: 'zoom.in', words: 'Zoom in / out', shown: 'w / s', keys: ['w'], listed: false, run: () => timeline.zoom(0.75) },
    { id: 'zoom.out', words: 'Zoom out', shown: '', keys: ['s'], listed: false, run: () => timeline.zoom(1 / 0.75) },
    { id: 'pan.back', words: 'Pan back / on', shown: 'a / d', keys: ['a'], listed: false, run: () => timeline.pan(-PAN) },
    { id: 'pan.on', words: 'Pan on', shown: '', keys: ['d'], listed: false, run: () => timeline.pan(PAN) },
    { id: 'tab', words: 'Tabs of the detail', shown: '1 – 7', keys: ['1', '2', '3', '4', '5', '6', '7'], listed: false, run: event => bench.detail.choose($$('[data-tab]')[Number(event?.key) - 1]?.dataset.tab ?? '') },
    { id: 'reads', words: 'Open the document where it was read', keys: ['o'], icon: 'doc', run: () => bench.openDocument() },
    { id: 'comment', words: 'Comment on the selected text, or on the node', keys: ['C'], icon: 'note', when: () => bench.notes?.node !== undefined, run: () => bench.notes?.comment() },
    { id: 'right', words: 'Mark this node as right', icon: 'thumb-up', ...press('.det-h [data-thumb=up]') },
    { id: 'wrong', words: 'Mark this node as wrong', icon: 'thumb-down', ...press('.det-h [data-thumb=down]') },
    { id: 'fold', words: 'Open or close all rows', icon: 'step', run: () => tree.foldAll() },
    { id: 'follow', words: 'Follow the newest node', icon: 'play', ...press('#follow') },
    { id: 'clear', words: 'Clear the selection', shown: '', keys: ['Escape'], listed: false, run: () => bench.clear() },
  ];
}

/** @param {import('./workbench.js').Workbench} bench @param {string | undefined} id */
function go(bench, id) {
  if (id !== undefined) bench.select(id, 'key');
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

