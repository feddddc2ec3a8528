// @ts-check
// The cost page: draws the figures that came with the page; a mark opens its node in the trace.
import { drawChart } from './charts.js';
import { traceAt } from './place.js';
import { follow } from './socket.js';
import { $, $$ } from './ui.js';

const main = $('#main');
const figures = JSON.parse($('#figures').textContent);

function draw() {
  for (const place of $$('[data-chart]')) {
    drawChart(place, figures[place.dataset.chart], node => { location.href = traceAt(node); });
  }
}

if ('Plotly' in globalThis || !Object.keys(figures).length) draw();
else addEventListener('load', draw, { once: true });

if ('live' in main.dataset) {
  follow({ after: Number(main.dataset.seq), events: () => {}, end: () => location.reload() });
}
