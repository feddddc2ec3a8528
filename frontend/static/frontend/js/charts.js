// @ts-check
// Draws the server's Plotly figures. They name colours by token, `var(--seq-1)`; here they get the theme's colours.
import { color, onTheme } from './ui.js';

const CONFIG = { displayModeBar: false, responsive: true, scrollZoom: false, doubleClick: false };
const VARIABLE = /^var\(--([\w-]+)\)$/;

/** The figure with the present theme's colours in place of tokens. @param {any} value @returns {any} */
export function withColors(value) {
  if (typeof value === 'string') {
    const [, token] = value.match(VARIABLE) ?? [];
    return token ? color(token) : value;
  }
  if (Array.isArray(value)) return value.map(withColors);
  if (value && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withColors(each)]));
  }
  return value;
}

/**
 * @param {HTMLElement} place @param {any} figure @param {(node: number) => void} open called with the node of a clicked mark
 */
export function drawChart(place, figure, open) {
  const plotly = /** @type {any} */ (globalThis).Plotly;
  const { title, ...layout } = figure.layout; // the page has the title as a heading
  const draw = () => plotly.react(place, withColors(figure.data), withColors({
    ...layout, font: { ...layout.font, family: getComputedStyle(document.body).fontFamily }, hoverlabel: {
      bgcolor: 'var(--raised)', bordercolor: 'var(--line-strong)', font: { color: 'var(--text)', size: 12 },
    }, legend: { ...layout.legend, font: { color: 'var(--text-2)', size: 12 } },
  }), CONFIG);
  draw();
  onTheme(draw);
  const marked = /** @type {any} */ (place);
  const nodeOf = (/** @type {any} */ event) => event.points?.map((/** @type {any} */ point) => point.customdata).find(Boolean);
  marked.on('plotly_click', (/** @type {any} */ event) => {
    const node = nodeOf(event);
    if (node) open(node);
  });
  marked.on('plotly_hover', (/** @type {any} */ event) => place.classList.toggle('clickable', Boolean(nodeOf(event))));
}
