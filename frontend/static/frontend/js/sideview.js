// @ts-check
// Two texts side by side, line by line: what is the same is folded, words that differ are marked. Texts get in as text
// nodes only, long ones in windows.
import { markedWords, sideBySide } from './diff.js';
import { whole } from './format.js';
import { python } from './python.js';
import { element } from './ui.js';

/** @typedef {import('./diff.js').Line} Line */

const AROUND = 3;
const SHORTEST_FOLD = 3;
const WINDOW = 600;
const LONGEST_LINE = 4_000;
const LONGEST_MARKED = 1_000;

/**
 * @param {string | null} one null: there is none @param {string | null} other
 * @param {{ code?: boolean }} [look] code: Python, in colours
 * @returns {HTMLElement}
 */
export function sideView(one, other, { code = false } = {}) {
  const [left, right] = [linesOf(one), linesOf(other)];
  const shown = element('div', { class: 'diff2', tabindex: 0, role: 'group', 'aria-label': 'Side by side' });
  if (!left.length && !right.length) {
    shown.append(element('p', { class: 'muted small' }, 'Both are empty.'));
    return shown;
  }
  const draw = code ? colored(left, right) : plain(left, right);
  const lines = one === null || other === null ? alone(left, right) : sideBySide(left, right);
  fill(shown, folded(lines), draw);
  return shown;
}

/** @param {string | null} text */
const linesOf = text => (text ? text.replace(/\n$/, '').split('\n') : []);

/** Where only one side has anything. @param {string[]} left @param {string[]} right @returns {Line[]} */
const alone = (left, right) => [
  ...left.map((_, at) => /** @type {Line} */ ({ how: 'same', left: at, right: null })),
  ...right.map((_, at) => /** @type {Line} */ ({ how: 'same', left: null, right: at })),
];

/** Long stretches of sameness become one fold. @param {Line[]} lines @returns {(Line | Line[])[]} */
function folded(lines) {
  const out = /** @type {(Line | Line[])[]} */ ([]);
  if (!lines.some(line => line.how === 'changed')) return lines;
  for (let at = 0; at < lines.length;) {
    let end = at;
    while (end < lines.length && lines[end].how === 'same') end += 1;
    const from = at === 0 ? at : at + AROUND;
    const to = end === lines.length ? end : end - AROUND;
    if (to - from >= SHORTEST_FOLD) out.push(...lines.slice(at, from), lines.slice(from, to), ...lines.slice(to, end));
    else out.push(...lines.slice(at, end));
    while (end < lines.length && lines[end].how === 'changed') out.push(lines[end++]);
    at = end;
  }
  return out;
}

/** Draws a window of lines, and a button for the next. @param {HTMLElement} place @param {(Line | Line[])[]} lines @param {(line: Line) => HTMLElement} draw */
function fill(place, lines, draw) {
  let at = 0;
  const more = () => {
    const next = lines.slice(at, at + WINDOW).map(line => (Array.isArray(line) ? fold(line, draw) : draw(line)));
    at += WINDOW;
    button.before(...next);
    button.hidden = at >= lines.length;
    button.textContent = `Show more (${whole(Math.min(at, lines.length))} of ${whole(lines.length)} lines)`;
  };
  const button = element('button', { class: 'btn sm', type: 'button', onclick: more });
  place.append(button);
  more();
}

/** @param {Line[]} lines @param {(line: Line) => HTMLElement} draw */
function fold(lines, draw) {
  const button = element('button', {
    class: 'fold', type: 'button',
    onclick: () => {
      const opened = element('div', { class: 'unfolded' });
      button.replaceWith(opened);
      fill(opened, lines, draw);
    },
  }, `${whole(lines.length)} lines are the same`);
  return button;
}

// ------------------------------------------------------------------------------------------------ a line

/** @param {string[]} left @param {string[]} right @returns {(line: Line) => HTMLElement} */
function plain(left, right) {
  return line => {
    const [ours, theirs] = [textAt(left, line.left), textAt(right, line.right)];
    return row(line, marked(line, ours, theirs, 'del'), marked(line, theirs, ours, 'ins'));
  };
}

/** @param {string[]} lines @param {number | null} at */
const textAt = (lines, at) => (at === null ? null : lines[at].slice(0, LONGEST_LINE));

/** @param {Line} line @param {string | null} text @param {string | null} other @param {'del' | 'ins'} mark @returns {HTMLElement | null} */
function marked(line, text, other, mark) {
  if (text === null) return null;
  if (line.how === 'same' || other === null || text.length + other.length > LONGEST_MARKED) return element('span', {}, text || ' ');
  const parts = markedWords(text, other);
  return element('span', {}, ...parts.map(part => (part.marked && part.text.trim() ? element(mark, {}, part.text) : part.text)));
}

/** @param {string[]} left @param {string[]} right @returns {(line: Line) => HTMLElement} */
function colored(left, right) {
  const [ours, theirs] = [left, right].map(lines => python(lines.join('\n')).map(line => /** @type {HTMLElement} */ (line.firstElementChild)));
  return line => row(line, line.left === null ? null : ours[line.left], line.right === null ? null : theirs[line.right]);
}

/** @param {Line} line @param {HTMLElement | null} ours @param {HTMLElement | null} theirs */
function row(line, ours, theirs) {
  const side = (/** @type {number | null} */ at, /** @type {HTMLElement | null} */ text, /** @type {string} */ how) => (text
    ? element('div', { class: line.how === 'same' ? 'ln' : `ln ${how}`, 'data-n': /** @type {number} */ (at) + 1 }, text)
    : element('div', { class: 'ln blank' }));
  return element('div', { class: `drow ${line.how}` }, side(line.left, ours, 'del'), side(line.right, theirs, 'add'));
}
