// @ts-check
// The page Trace: one request for the skeleton of all nodes, then, while the run goes on, its events.
import { fetchData, place } from './place.js';
import { isLive, load } from './state.js';
import { $, ApiError, element, failure, iconElement } from './ui.js';
import { refreshHead, Watch } from './watch.js';
import { Workbench } from './workbench.js';

/** @param {string} sign @param {string} title @param {string} text */
function say(sign, title, text) {
  $('#det-b').replaceChildren(element('div', { class: 'state' }, iconElement(sign), element('h3', {}, title), element('p', {}, text)));
}

/** Fills the page's frame; once. */
export async function openTrace() {
  const main = $('#main');
  main.setAttribute('aria-busy', 'true');
  main.dataset.show = 'time';
  try {
    const tree = await fetchData('tree');
    const bench = new Workbench(load(tree), tree.run.seconds);
    bench.update();
    if (!bench.state.nodes.size) {
      say('clock', isLive(bench.state) ? 'Waiting for the first step' : 'Nothing was recorded',
        isLive(bench.state) ? 'Nodes appear here as soon as they start.' : 'This run ended before its first step.');
    }
    const chosen = bench.selectFromAddress();
    if (isLive(bench.state)) bench.watch = new Watch(bench, !chosen);
    else if ('live' in main.dataset) refreshHead(); // it ended while the page was on its way
    bench.loadStrips();
    bench.finding.start();
    main.dataset.ready = String(Math.round(performance.now()));
  } catch (error) {
    $('#det-b').replaceChildren(failure('The trace could not be loaded', error, openTrace));
    main.dataset.show = 'detail';
    if (!(error instanceof ApiError)) throw error;
  } finally {
    main.removeAttribute('aria-busy');
  }
}

if (!place.isFile) openTrace();
