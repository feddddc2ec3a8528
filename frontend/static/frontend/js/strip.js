// @ts-check
// A coverage strip with all that belongs to it: the brush over it, the panel that tells of what was selected, the scale
// below, and whoever shows texts.
import { register } from './actions.js';
import { Brush } from './brush.js';
import { whole } from './format.js';
import { fetchStretch, StretchPanel } from './stretch.js';
import { $, $$, ApiError, element, toast } from './ui.js';

/** @typedef {import('./coverage.js').Strip} Strip @typedef {import('./coverage.js').Span} Span */

/**
 * @param {{ canvas: HTMLCanvasElement, box: HTMLElement, scale: HTMLElement, strips: Strip[], height?: number,
 *   read: (strip: Strip, span: Span) => void, close?: () => void }} parts  box: where to tell of a selection; read: shows
 *   a text; close: nothing is selected any more
 * @returns {Brush}
 */
export function wireStrip({ canvas, box, scale, strips, height, read, close = () => {} }) {
  const stripOf = (/** @type {Span} */ span) =>
    /** @type {Strip} */ (brush.closer?.id === span.document ? brush.closer : brush.strips.find(strip => strip.id === span.document));
  const tell = (/** @type {Span} */ span) => panel.tell(stripOf(span), span, Boolean(brush.closer));
  const zoom = async (/** @type {Span | null} */ span) => {
    try {
      if (span) brush.lookCloser(await fetchStretch(span), span.start, span.end);
      else brush.showAll();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      return toast(error.message);
    }
    drawScale(scale, brush.strips, span);
    if (span) tell(span);
    else hide();
    return canvas.focus();
  };
  const hide = () => {
    panel.hide();
    close();
  };
  const panel = new StretchPanel(box, {
    zoom,
    clear: () => {
      brush.clear();
      canvas.focus();
    },
  });
  const brush = new Brush(canvas, strips, {
    zoom,
    brushed: (span, done) => {
      if (!span) return hide();
      if (!done) return panel.sketch(stripOf(span), span, Boolean(brush.closer));
      read(stripOf(span), span);
      return tell(span);
    },
    open: span => {
      read(stripOf(span), span);
      tell(span);
    },
  }, height);
  drawScale(scale, strips, null);
  return brush;
}

register([{
  id: 'strip.focus', words: 'Go to the coverage strip; arrows move, Shift selects, Enter opens', group: 'Coverage', keys: ['v'],
  when: () => Boolean($('.cov-strip')), run: () => $('.cov-strip').focus(),
}]);

/** Below the strip: the documents, each as wide as in the strip; or the ends of what is looked at closer.
 * @param {HTMLElement} scale @param {Strip[]} strips @param {Span | null} span */
function drawScale(scale, strips, span) {
  if (span || strips.length === 1) {
    scale.replaceChildren(...[span?.start ?? 0, span?.end ?? strips[0].chars].map(place => element('span', { class: 'end-of' }, whole(place))));
    return;
  }
  scale.replaceChildren(...strips.map(strip => element('span', { title: strip.name }, `${strip.name} · ${whole(strip.chars)} chars`)));
  for (const [index, part] of $$('span', scale).entries()) part.style.flex = `${strips[index].chars} 1 0`;
}
