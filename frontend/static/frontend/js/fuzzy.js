// @ts-check
// Finding by some letters of a name: “rns” finds “Runs”, “dk” finds “Switch to dark”. Pure.

const LONGEST = 160;
const START_OF_WORD = 8;
const NEXT_LETTER = 6;
const START = 4;
const GAP = 0.2;

/**
 * How well the letters of `wanted` stand in `text`, in their order; the higher the better, null when they do not.
 * `at` are the places of the letters in the text.
 * @param {string} wanted @param {string} text @returns {{ score: number, at: number[] } | null}
 */
export function match(wanted, text) {
  const letters = [...wanted.toLowerCase().replace(/\s+/g, '')];
  const name = text.slice(0, LONGEST);
  const lower = [...name].map(letter => letter.toLowerCase());
  if (letters.length > lower.length) return null;
  let best = null;
  for (let first = lower.indexOf(letters[0]); first >= 0; first = lower.indexOf(letters[0], first + 1)) {
    const found = from(letters, lower, first, true) ?? from(letters, lower, first, false);
    if (found && (!best || found.score > best.score)) best = found;
  }
  return letters.length ? best : { score: 0, at: [] };
}

/** Takes for each letter its next place, or better (`byWords`) its next start of a word. @param {string[]} letters @param {string[]} text @param {number} first @param {boolean} byWords */
function from(letters, text, first, byWords) {
  const at = [first];
  for (const letter of letters.slice(1)) {
    const last = /** @type {number} */ (at.at(-1));
    const next = byWords && text[last + 1] !== letter ? startOf(letter, text, last + 1) : text.indexOf(letter, last + 1);
    if (next < 0) return null;
    at.push(next);
  }
  return { score: score(at, text), at };
}

/** @param {string} letter @param {string[]} text @param {number} from */
function startOf(letter, text, from) {
  const any = text.indexOf(letter, from);
  for (let place = any; place >= 0; place = text.indexOf(letter, place + 1)) if (isStart(text, place)) return place;
  return any;
}

/** @param {string[]} text @param {number} place */
const isStart = (text, place) => place === 0 || !/[\p{L}\p{N}]/u.test(text[place - 1]);

/** @param {number[]} at @param {string[]} text */
function score(at, text) {
  let sum = at[0] === 0 ? START : 0;
  at.forEach((place, index) => {
    if (isStart(text, place)) sum += START_OF_WORD;
    if (index && place === at[index - 1] + 1) sum += NEXT_LETTER;
  });
  return sum - GAP * (/** @type {number} */ (at.at(-1)) - at[0] + 1 - at.length) - text.length / 1_000;
}
