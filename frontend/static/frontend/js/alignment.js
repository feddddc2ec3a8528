// @ts-check
// Where the words of a shown answer stand in the answer as the model wrote it. The page shows Markdown without its
// signs, so the two are laid side by side word by word; what has no place in the other is left out. Pure.

/**
 * @typedef {{ index: number, at: number, from: number, length: number }} Stretch
 * A part of the shown text number `index`, from `at` on, that stands in the written text from `from` on.
 */

const WORD = /[\p{L}\p{N}]+/gu;
/** The address behind a link's words is not shown, nor are the marks of sources. */
const UNSHOWN = /\]\([^()\s]*(?:\([^()\s]*\)[^()\s]*)*(?:\s+"[^"]*")?\)/g;
const NEAR = 60;
const MOST_TRIES = 6;

/** @param {string} written @param {string[]} shown in order @returns {Stretch[]} */
export function align(written, shown) {
  const masked = written.replace(UNSHOWN, hidden => '\0'.repeat(hidden.length));
  const words = shown.flatMap((text, index) => [...text.matchAll(WORD)].map(found => ({ index, at: found.index, word: found[0] })));
  /** @type {Stretch[]} */
  const anchors = [];
  let from = 0;
  words.forEach(({ index, at, word }, place) => {
    const found = placeOf(masked, word, from, words[place + 1]?.word);
    if (found < 0) return;
    anchors.push({ index, at, from: found, length: word.length });
    from = found + word.length;
  });
  return joined(filled(masked, shown, anchors));
}

/** The next place of a word; one further off counts only when the word after it follows there. @param {string} text @param {string} word @param {number} from @param {string | undefined} next */
function placeOf(text, word, from, next) {
  let found = text.indexOf(word, from);
  for (let tries = 0; found >= 0 && tries < MOST_TRIES; tries += 1) {
    if (found - from <= NEAR) return found;
    const end = found + word.length;
    if (isWhole(text, found, end) && (next === undefined || hasWord(text.slice(end, end + NEAR), next))) return found;
    found = text.indexOf(word, found + 1);
  }
  return -1;
}

const LETTER = /[\p{L}\p{N}]/u;

/** Whether no letter stands before or after. @param {string} text @param {number} start @param {number} end */
const isWhole = (text, start, end) => !LETTER.test(text[start - 1] ?? '') && !LETTER.test(text[end] ?? '');

/** @param {string} text @param {string} word */
function hasWord(text, word) {
  const at = text.indexOf(word);
  return at >= 0 && isWhole(text, at, at + word.length);
}

/** Adds the signs between the words. @param {string} text @param {string[]} shown @param {Stretch[]} anchors */
function filled(text, shown, anchors) {
  /** @type {Stretch[]} */
  const all = [];
  let next = 0;
  let from = 0;
  shown.forEach((line, index) => {
    let at = 0;
    for (; anchors[next]?.index === index; next += 1) {
      const anchor = anchors[next];
      all.push(...signs(text, from, anchor.from, line, at, anchor.at, index), anchor);
      at = anchor.at + anchor.length;
      from = anchor.from + anchor.length;
    }
    const rest = signs(text, from, anchors[next]?.from ?? text.length, line, at, line.length, index);
    all.push(...rest);
    from = rest.length ? /** @type {Stretch} */ (rest.at(-1)).from + 1 : from;
  });
  return all;
}

/** One by one, between two words. @param {string} text @param {number} from @param {number} to @param {string} line @param {number} at @param {number} until @param {number} index */
function signs(text, from, to, line, at, until, index) {
  const found = [];
  for (; at < until; at += 1) {
    const gap = text.slice(from, to);
    const place = from + (/\s/.test(line[at]) ? gap.search(/\s/) : gap.indexOf(line[at]));
    if (place < from) continue;
    found.push({ index, at, from: place, length: 1 });
    from = place + 1;
  }
  return found;
}

/** Stretches that go on without a gap become one. @param {Stretch[]} all */
function joined(all) {
  /** @type {Stretch[]} */
  const found = [];
  for (const each of all) {
    const last = found.at(-1);
    if (last && last.index === each.index && last.at + last.length === each.at && last.from + last.length === each.from) last.length += each.length;
    else found.push({ ...each });
  }
  return found;
}
