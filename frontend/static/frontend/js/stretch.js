// @ts-check
// What is told of a range that was selected in a coverage strip: how much of it came how near to the answer, which nodes
// read it, and its text.
import { LEVELS, SAYS, totals } from './coverage.js';
import { share, whole } from './format.js';
import { documentAt, fetchData, place, traceAt } from './place.js';
import { ApiError, element, failure, iconElement } from './ui.js';

/** @typedef {import('./coverage.js').Strip} Strip @typedef {import('./coverage.js').Span} Span */
/**
 * @typedef {Strip & { start: number, end: number, totals: Record<string, number>, node_count: number,
 *   nodes: { number: number, kind: string, name: string, how: string }[] }} Stretch  answer of `strips?document=…`
 */

const HOW = /** @type {Record<string, string>} */ ({
  grep: 'found', slice: 'cut out', peek: 'looked at', printed: 'printed', sent: 'sent to a model', cited: 'cited',
});
const SHOWN = 8;

/** @param {Span} span @returns {Promise<Stretch>} */
export const fetchStretch = ({ document, start, end }) =>
  fetchData(`strips?document=${encodeURIComponent(document)}&start=${start}&end=${end}`).then(told => ({ ...told, id: told.document }));

/** The search of the trace that finds what read a range. @param {string} name @param {number} start @param {number} end */
export function readersAddress(name, start, end) {
  const query = `reads:"${name.replaceAll('"', '')}@${start}-${end}"`;
  return `${place.pages}/trace?q=${encodeURIComponent(query)}`;
}

export class StretchPanel {
  /** @param {HTMLElement} box @param {{ zoom: (span: Span | null) => void, clear: () => void }} host */
  constructor(box, host) {
    this.box = box;
    this.host = host;
    this.turn = 0;
  }

  /** While it is being selected: what the strip itself knows. @param {Strip} strip @param {Span} span @param {boolean} isCloser whether all is not in view */
  sketch(strip, span, isCloser) {
    this.turn += 1;
    this.show(strip, span, totals(strip, span.start, span.end), isCloser, element('p', { class: 'muted small' }, 'Let go to see who read it.'));
  }

  /** @param {Strip} strip @param {Span} span @param {boolean} isCloser */
  async tell(strip, span, isCloser) {
    const turn = ++this.turn;
    const waiting = element('p', { class: 'muted small' }, 'Looking up who read it …');
    this.show(strip, span, totals(strip, span.start, span.end), isCloser, waiting);
    try {
      const told = await fetchStretch(span);
      if (turn === this.turn) this.show(strip, span, told.totals, isCloser, readers(told));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (turn === this.turn) waiting.replaceWith(failure('Who read it could not be looked up', error, () => this.tell(strip, span, isCloser)));
    }
  }

  hide() {
    this.turn += 1;
    this.box.hidden = true;
    this.box.replaceChildren();
  }

  /** @param {Strip} strip @param {Span} span @param {Record<string, number>} found @param {boolean} isCloser @param {Element} below */
  show(strip, span, found, isCloser, below) {
    const { start, end } = span;
    const address = documentAt(strip.id, start, end);
    const button = (/** @type {string} */ sign, /** @type {string} */ words, /** @type {() => void} */ act) =>
      element('button', { class: 'btn sm', type: 'button', onclick: act }, iconElement(sign), words);
    const head = element('div', { class: 'cov-range-h' },
      element('p', {}, element('b', {}, strip.name), ` characters ${whole(start)}–${whole(end)}`, element('span', { class: 'muted' }, ` (${whole(end - start)})`)),
      element('div', { class: 'row wrap tight' },
        button('plus', 'Look closer', () => this.host.zoom(span)),
        isCloser ? button('minus', 'Show all', () => this.host.zoom(null)) : null,
        address ? element('a', { class: 'btn sm', href: address }, iconElement('doc'), 'Open') : null,
        element('button', { class: 'btn ghost icon sm', type: 'button', 'aria-label': 'Clear the selection', onclick: () => this.host.clear() }, iconElement('x'))));
    const keys = LEVELS.map((name, level) => element('span', { class: 'cov-key' }, element('i', { class: `cov-sw ${name}` }), SAYS[level], ' ',
      element('b', {}, share(found[name], end - start)), ' ', element('span', { class: 'muted' }, whole(found[name])))).reverse();
    this.box.hidden = false;
    this.box.replaceChildren(head, element('div', { class: 'cov-top', role: 'status' }, ...keys), below);
  }
}

/** The nodes that read a stretch, the nearest to the answer first. @param {Stretch} told */
function readers(told) {
  if (!told.node_count) return element('p', { class: 'muted small' }, 'No read of it was recorded.');
  const links = told.nodes.slice(0, SHOWN).map(node => element('li', {},
    element('a', { href: traceAt(node.number) }, element('span', { class: `k ${node.kind}`, title: node.kind }, iconElement(node.kind)), element('span', { class: 'trunc' }, node.name)),
    element('span', { class: 'muted small' }, HOW[node.how] ?? node.how)));
  const all = element('a', { class: 'small', href: readersAddress(told.name, told.start, told.end) },
    told.node_count === 1 ? 'Show the node that read it in the trace' : `Show all ${whole(told.node_count)} nodes that read it in the trace`);
  return element('div', { class: 'cov-readers' }, element('ul', {}, ...links), all);
}
