// @ts-check
// Stretches of a text that stands on the page: what of it is selected, and marks drawn over some of it. Offsets are
// UTF-16 units of the whole text here; `lines.js` turns them into characters.
import { $$, element } from './ui.js';

/**
 * @typedef {{ node: Text, at: number, from: number, length: number }} Piece
 * A part of a text node (from `at` on) that shows the text from `from` on.
 * @typedef {{ id: string, start: number, end: number }} Span
 */

const SHOWN = NodeFilter.SHOW_TEXT;

/** The text nodes below an element, in order. @param {Node} holder @returns {Text[]} */
export function textNodes(holder) {
  const walker = document.createTreeWalker(holder, SHOWN);
  const found = [];
  while (walker.nextNode()) found.push(/** @type {Text} */ (walker.currentNode));
  return found;
}

/** What stands between two blocks of a page is nothing to draw on. @param {Text} node */
export const isBetween = node => /^\s*\n\s*$/.test(node.data);

/** Where an element shows which part of a text: as it stands, or as numbered lines of code. @param {HTMLElement} holder @param {string} text @returns {Piece[]} */
export function piecesOf(holder, text) {
  const lines = $$(':scope > .ln', holder);
  return lines.length ? piecesOfLines(lines, text) : inARow(textNodes(holder), 0, text.length);
}

/** @param {HTMLElement[]} lines @param {string} text */
function piecesOfLines(lines, text) {
  const begins = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) begins.push(at + 1);
  return lines.flatMap(line => {
    const number = Number(line.dataset.n);
    const begin = begins[number - 1];
    return begin === undefined ? [] : inARow(textNodes(line), begin, (begins[number] ?? text.length + 1) - 1);
  });
}

/** @param {Text[]} nodes @param {number} begin @param {number} end of what they show at most */
function inARow(nodes, begin, end) {
  const pieces = [];
  let from = begin;
  for (const node of nodes) {
    const length = Math.min(node.length, end - from);
    if (length > 0) pieces.push({ node, at: 0, from, length });
    from += node.length;
  }
  return pieces;
}

/** The stretch of the text that is selected, null for none. @param {Piece[]} pieces @returns {[number, number] | null} */
export function selected(pieces) {
  const selection = getSelection();
  if (!selection?.rangeCount || selection.isCollapsed) return null;
  const range = selection.getRangeAt(0);
  let [start, end] = [Infinity, -1];
  for (const piece of pieces) {
    if (!range.intersectsNode(piece.node)) continue;
    const first = Math.max(piece.at, piece.node === range.startContainer ? range.startOffset : 0);
    const last = Math.min(piece.at + piece.length, piece.node === range.endContainer ? range.endOffset : Infinity);
    if (last <= first) continue;
    start = Math.min(start, piece.from + first - piece.at);
    end = Math.max(end, piece.from + last - piece.at);
  }
  return end > start ? [start, end] : null;
}

// ---------------------------------------------------------------------------------------------- marks

/**
 * Draws marks over the spans. `end` is called with a span's last mark: a place to put a sign.
 * @param {Piece[]} pieces @param {Span[]} spans @param {(id: string, mark: HTMLElement) => void} end
 */
export function drawMarks(pieces, spans, end) {
  /** @type {Map<string, HTMLElement>} */
  const lasts = new Map();
  const sorted = [...spans].sort((one, other) => one.start - other.start);
  // from the last to the first, so that splitting a node leaves the pieces before it as they are
  for (const piece of [...pieces].reverse()) {
    for (const part of partsOf(piece, sorted).reverse()) {
      const mark = wrapped(piece, part);
      for (const id of part.ids) if (!lasts.has(id)) lasts.set(id, mark);
    }
  }
  for (const [id, mark] of lasts) end(id, mark);
}

/** The stretches of a piece under the same spans. @param {Piece} piece @param {Span[]} spans sorted by their starts */
function partsOf({ from, length }, spans) {
  const over = spans.filter(span => span.start < from + length && span.end > from);
  if (!over.length) return [];
  const cuts = [...new Set(over.flatMap(({ start, end }) => [Math.max(from, start), Math.min(from + length, end)]))].sort((one, other) => one - other);
  return cuts.slice(0, -1).flatMap((start, index) => {
    const ids = over.filter(span => span.start <= start && span.end >= cuts[index + 1]).map(span => span.id);
    return ids.length ? [{ start, end: cuts[index + 1], ids }] : [];
  });
}

/** @param {Piece} piece @param {{ start: number, end: number, ids: string[] }} part */
function wrapped({ node, at, from }, { start, end, ids }) {
  const inside = node.splitText(at + start - from);
  inside.splitText(end - start);
  const mark = element('mark', { class: 'noted', 'data-notes': ids.join(' ') });
  inside.replaceWith(mark);
  mark.append(inside);
  return mark;
}

/** Takes all marks away again. @param {HTMLElement} holder */
export function clearMarks(holder) {
  for (const sign of $$('.note-sign', holder)) sign.remove();
  for (const mark of $$('mark.noted', holder)) mark.replaceWith(...mark.childNodes);
  holder.normalize();
}
