// @ts-check
// Draws the server's Plotly figures. They name colours by token, `var(--seq-1)`; here they get the theme's colours.
import { color, onTheme } from './ui.js';

const CONFIG = { displayModeBar: false, responsive: true, scrollZoom: false, doubleClick: false };
const VARIABLE = /^var\(--([\w-]+)\)$/;
const NARROW = 360; // pixels: fewer numbers along the axis find room
const PICTURE = { width: 960, height: 480, scale: 2 };

/**
 * The nodes behind a mark: the weightiest, what each adds, how many there are in all, and how the trace finds them.
 * @typedef {{ nodes: number[], values: string[], count: number, query: string }} Mark
 */

const plotly = () => /** @type {any} */ (globalThis).Plotly;

/** The figure with the present theme's colours in place of tokens. @param {any} value @returns {any} */
export function withColors(value) {
  if (typeof value === 'string') {
    const [, token] = value.match(VARIABLE) ?? [];
    return token ? color(token) : value;
  }
  if (Array.isArray(value)) return typeof value[0] === 'number' ? value : value.map(withColors);
  if (value && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, key === 'customdata' ? each : withColors(each)]));
  }
  return value;
}

/** What all figures have of this page. @param {any} layout */
const dressed = layout => withColors({
  ...layout,
  font: { ...layout.font, family: getComputedStyle(document.body).fontFamily },
  hoverlabel: { bgcolor: 'var(--raised)', bordercolor: 'var(--line-strong)', font: { color: 'var(--text)', size: 12 } },
  legend: { ...layout.legend, font: { color: 'var(--text-2)', size: 12 } },
});

/** One figure on the page, drawn again when the theme or its data change. */
export class Drawing {
  /** @param {HTMLElement} place @param {any} figure @param {(mark: Mark) => void} open called with a clicked mark */
  constructor(place, figure, open) {
    this.place = /** @type {any} */ (place);
    this.figure = figure;
    this.draw();
    onTheme(() => this.draw());
    this.place.on('plotly_click', (/** @type {any} */ event) => {
      const mark = markOf(event);
      if (mark) open(mark);
    });
    this.place.on('plotly_hover', (/** @type {any} */ event) => place.classList.toggle('clickable', Boolean(markOf(event))));
    this.place.on('plotly_unhover', () => place.classList.remove('clickable'));
  }

  /** @param {any} figure */
  show(figure) {
    this.figure = figure;
    this.draw();
  }

  draw() {
    if (!this.place.isConnected) return;
    const { title, meta, ...layout } = this.figure.layout; // the page has the title as a heading, the table as a table
    const narrow = this.place.clientWidth < NARROW ? { ...layout, xaxis: { ...layout.xaxis, nticks: Math.min(4, layout.xaxis.nticks ?? 4) } } : layout;
    plotly().react(this.place, withColors(this.figure.data), dressed(narrow), CONFIG);
  }
}

/** @param {any} event @returns {Mark | undefined} */
const markOf = event => event.points?.map((/** @type {any} */ point) => point.customdata).find((/** @type {any} */ mark) => mark?.nodes?.length);

/** The figure with its title and measure as a PNG, in the present theme. @param {any} figure @returns {Promise<string>} a data URL */
export function picture(figure) {
  const { title, meta, ...layout } = figure.layout;
  const heading = wrapped(title.text, 96);
  const lines = wrapped(meta.measure, 140);
  const margin = { ...layout.margin, t: 50 + 22 * heading.length + 18 * lines.length, l: 64, r: 32, b: 64 };
  return plotly().toImage({
    data: withColors(figure.data),
    layout: dressed({
      ...layout, margin, paper_bgcolor: 'var(--surface)',
      title: {
        text: `<b>${heading.join('<br>')}</b>`, x: 0.02, y: 0.95, xanchor: 'left', yanchor: 'top', font: { size: 16, color: 'var(--text)' },
        subtitle: { text: lines.map(escaped).join('<br>'), font: { size: 13, color: 'var(--text-3)' } },
      },
    }),
    config: CONFIG,
  }, { format: 'png', ...PICTURE });
}

/** @param {string} text */
const escaped = text => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');

/** Lines of at most so many characters. @param {string} text @param {number} most */
function wrapped(text, most) {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.length - 1;
    if (lines[last] && lines[last].length + word.length >= most) lines.push(word);
    else lines[last] += `${lines[last] ? ' ' : ''}${word}`;
  }
  return lines;
}
