// @ts-check
// What differs between two texts, in linear space and bounded time (`difference.py` does the same on the server): tokens
// that occur once on both sides, in the same order, are the same; between them the same again; what is left is small
// enough for a table, or counts as replaced. Pure.

/** @typedef {[number, number, number, number]} Stretch  from, to in the one; from, to in the other */
/** @typedef {[number, number]} Pair  place in the one, place in the other */

const WORDS = /\s+|[\p{L}\p{N}_]+|[^\s\p{L}\p{N}_]/gu;
const MOST_CELLS = 250_000;
const WORK = 30;

/** @param {string} text */
export const words = text => text.match(WORDS) ?? [];

/** What is not the same, in order. @param {string[]} one @param {string[]} other @returns {Stretch[]} */
export function changes(one, other) {
  const found = /** @type {Stretch[]} */ ([]);
  let [at, beside] = [0, 0];
  for (const [ours, theirs] of [...common(one, other), [one.length, other.length]]) {
    if (at < ours || beside < theirs) found.push([at, ours, beside, theirs]);
    [at, beside] = [ours + 1, theirs + 1];
  }
  return found;
}

/** Pairs of equal tokens, rising on both sides. @param {string[]} one @param {string[]} other @returns {Pair[]} */
export function common(one, other) {
  const pairs = /** @type {Pair[]} */ ([]);
  const waiting = /** @type {Stretch[]} */ ([[0, one.length, 0, other.length]]);
  let work = WORK * (one.length + other.length) + MOST_CELLS;
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const [first, last, otherFirst, otherLast] = trimmed(one, other, next, pairs);
    const size = (last - first) * (otherLast - otherFirst);
    work -= last - first + otherLast - otherFirst;
    if (!size || work < 0) continue;
    if (size <= MOST_CELLS) {
      work -= size / 8;
      longest(one, other, [first, last, otherFirst, otherLast], pairs);
      continue;
    }
    const twins = uniqueTwins(one, other, [first, last, otherFirst, otherLast]);
    if (!twins.length) continue;
    let [at, beside] = [first, otherFirst];
    for (const [twin, otherTwin] of [...twins, [last, otherLast]]) {
      waiting.push([at, twin, beside, otherTwin]);
      [at, beside] = [twin + 1, otherTwin + 1];
    }
    for (const twin of twins) pairs.push(/** @type {Pair} */ (twin));
  }
  return pairs.sort((a, b) => a[0] - b[0]);
}

/** Without what both begin and end with, which are pairs. @param {string[]} one @param {string[]} other @param {Stretch} stretch @param {Pair[]} pairs @returns {Stretch} */
function trimmed(one, other, [first, last, otherFirst, otherLast], pairs) {
  while (first < last && otherFirst < otherLast && one[first] === other[otherFirst]) pairs.push([first++, otherFirst++]);
  while (first < last && otherFirst < otherLast && one[last - 1] === other[otherLast - 1]) pairs.push([--last, --otherLast]);
  return [first, last, otherFirst, otherLast];
}

/** The longest rising run of tokens that occur once in each. @param {string[]} one @param {string[]} other @param {Stretch} stretch @returns {Pair[]} */
function uniqueTwins(one, other, [first, last, otherFirst, otherLast]) {
  const count = (/** @type {string[]} */ tokens, /** @type {number} */ from, /** @type {number} */ to) => {
    const places = /** @type {Map<string, number>} */ (new Map());
    for (let at = from; at < to; at += 1) places.set(tokens[at], places.has(tokens[at]) ? -1 : at);
    return places;
  };
  const theirs = count(other, otherFirst, otherLast);
  const pairs = /** @type {Pair[]} */ ([]);
  for (const [token, at] of count(one, first, last)) {
    const beside = theirs.get(token) ?? -1;
    if (at >= 0 && beside >= 0) pairs.push([at, beside]);
  }
  return rising(pairs.sort((a, b) => a[0] - b[0]));
}

/** The longest subsequence whose second numbers rise, by patience sorting. @param {Pair[]} pairs @returns {Pair[]} */
function rising(pairs) {
  const piles = /** @type {number[]} */ ([]);
  const before = pairs.map(([, beside], index) => {
    let [low, high] = [0, piles.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (pairs[piles[middle]][1] < beside) low = middle + 1;
      else high = middle;
    }
    piles[low] = index;
    return low ? piles[low - 1] : -1;
  });
  const chain = /** @type {Pair[]} */ ([]);
  for (let at = piles.at(-1) ?? -1; at >= 0; at = before[at]) chain.push(pairs[at]);
  return chain.reverse();
}

/** The longest common subsequence, by a table. @param {string[]} one @param {string[]} other @param {Stretch} stretch @param {Pair[]} pairs */
function longest(one, other, [first, last, otherFirst, otherLast], pairs) {
  const [rows, columns] = [last - first, otherLast - otherFirst];
  const table = new Uint16Array((rows + 1) * (columns + 1));
  const at = (/** @type {number} */ row, /** @type {number} */ column) => row * (columns + 1) + column;
  for (let row = 1; row <= rows; row += 1) {
    for (let column = 1; column <= columns; column += 1) {
      table[at(row, column)] = one[first + row - 1] === other[otherFirst + column - 1]
        ? table[at(row - 1, column - 1)] + 1 : Math.max(table[at(row - 1, column)], table[at(row, column - 1)]);
    }
  }
  for (let [row, column] = [rows, columns]; row && column;) {
    if (one[first + row - 1] === other[otherFirst + column - 1]) pairs.push([first + --row, otherFirst + --column]);
    else if (table[at(row - 1, column)] >= table[at(row, column - 1)]) row -= 1;
    else column -= 1;
  }
}

// ------------------------------------------------------------------------------------------------ side by side

/** @typedef {{ how: 'same' | 'changed', left: number | null, right: number | null }} Line  numbers of lines, from 0 */

/** Lines of two texts beside one another. @param {string[]} one @param {string[]} other @returns {Line[]} */
export function sideBySide(one, other) {
  const lines = /** @type {Line[]} */ ([]);
  let [at, beside] = [0, 0];
  const same = (/** @type {number} */ until) => {
    while (at < until) lines.push({ how: 'same', left: at++, right: beside++ });
  };
  for (const [first, last, otherFirst, otherLast] of changes(one, other)) {
    same(first);
    for (let row = 0; row < Math.max(last - first, otherLast - otherFirst); row += 1) {
      const [left, right] = [first + row, otherFirst + row];
      lines.push({ how: 'changed', left: left < last ? left : null, right: right < otherLast ? right : null });
    }
    [at, beside] = [last, otherLast];
  }
  same(one.length);
  return lines;
}

/** A line with its words, and which of them the other line has not. @param {string} line @param {string} other @returns {{ text: string, marked: boolean }[]} */
export function markedWords(line, other) {
  const [tokens, others] = [words(line), words(other)];
  const shared = new Set(common(tokens, others).map(([at]) => at));
  const parts = /** @type {{ text: string, marked: boolean }[]} */ ([]);
  tokens.forEach((token, index) => {
    const marked = !shared.has(index);
    const last = parts.at(-1);
    if (last && last.marked === marked) last.text += token;
    else parts.push({ text: token, marked });
  });
  return parts;
}
