// @ts-check
// The page Compare: the list of steps, the picture of all runs in time, coverage on one axis, and the keys.
import { press, register } from './actions.js';
import { drawCoverage } from './coverage.js';
import { Mirror } from './mirror.js';
import { Pairs } from './pairs.js';
import { $, $$, element, iconElement, onTheme } from './ui.js';

const GROUP = 'Compare';

/** @type {import('./pair_detail.js').Data} */
const data = JSON.parse($('#cmp-data').textContent);
const list = $('#pairs');
const pairs = list ? new Pairs(list, data) : null;

function strips() {
  for (const canvas of $$('canvas[data-strip]')) drawCoverage(canvas, [data.strips[Number(canvas.dataset.strip)]], { height: 32 });
}

/** Shows the row that a step of a run stands in. @param {number} column @param {number} node */
function pick(column, node) {
  const run = data.order[column];
  const found = Object.entries(data.rows).find(([, sides]) => sides[run]?.node === node);
  if (found) pairs?.choose(found[0]);
}

async function picture() {
  const canvas = $('#mirror');
  const mirror = new Mirror(canvas, data, pick);
  try {
    await mirror.load();
  } catch (error) {
    const again = element('button', { class: 'btn', type: 'button' }, 'Try again');
    const state = element('div', { class: 'state err' }, iconElement('err'), element('p', {}, /** @type {Error} */ (error).message), again);
    again.addEventListener('click', () => {
      state.replaceWith(canvas);
      picture();
    });
    canvas.replaceWith(state);
  }
}

document.addEventListener('click', event => {
  const link = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest('a[data-pair]'));
  const { pair = '' } = link?.dataset ?? {};
  if (!pairs?.row(pair) || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  pairs.choose(pair, { open: true });
});

if (pairs) {
  register([
    { id: 'difference.next', words: 'Next / previous difference', group: GROUP, keys: ['n'], shown: 'n / N', run: () => pairs.go(1) },
    { id: 'difference.previous', words: 'Previous difference', group: GROUP, keys: ['N'], shown: '', run: () => pairs.go(-1) },
    { id: 'difference.first', words: 'First divergence', group: GROUP, keys: ['g'], ...press('#first') },
    { id: 'difference.only', words: 'Only differences', group: GROUP, keys: ['o'], ...press('#only') },
    {
      id: 'pair.open', words: 'Open the chosen pair', group: GROUP, keys: ['Enter'],
      when: event => Boolean(pairs.chosen) && (!event || event.target === document.body), run: () => pairs.toggle(pairs.chosen, pairs.column),
    },
    { id: 'pair.close', words: 'Close the pair', group: GROUP, keys: ['Escape'], shown: '', listed: false, when: () => pairs.detail !== null, run: () => pairs.close() },
  ]);
  register([1, 2, 3, 4].map(number => ({
    id: `pair.tab.${number}`, words: 'Code, output, prompt, reply of the pair', group: GROUP, keys: [String(number)],
    shown: number === 1 ? '1 – 4' : '', listed: false, ...press(`.pair-detail [role=tab]:nth-child(${number})`),
  })));
}

strips();
addEventListener('resize', strips);
onTheme(strips);
($('#mirror') ? picture() : Promise.resolve()).then(() => { $('#main').dataset.ready = String(Math.round(performance.now())); });
