// @ts-check
// A small Python highlighter: enough for cells of a REPL. It never changes the text, and the text never becomes HTML.
import { element } from './ui.js';

const KEYWORDS = new Set((
  'and as assert async await break class continue def del elif else except finally for from global if import in is '
  + 'lambda None nonlocal not or pass raise return True False try while with yield match case'
).split(' '));
const REPL_NAMES = new Set((
  'context documents peek grep llm_call llm_batch rlm_call rlm_batch llm_query llm_query_batched rlm_query '
  + 'rlm_query_batched FINAL FINAL_VAR answer SHOW_VARS'
).split(' '));
const TOKEN = new RegExp([
  String.raw`([rfbu]{0,2}(?:"""[\s\S]*?(?:"""|$)|'''[\s\S]*?(?:'''|$)|"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?))`,
  String.raw`(#[^\n]*)`,
  String.raw`\b(\d[\w.]*)`,
  String.raw`([A-Za-z_]\w*)(?=([ \t]*\()?)`,
].join('|'), 'gi');

/** @param {RegExpMatchArray} match */
function classOf([, string, comment, number, name, called]) {
  if (string) return 't-s';
  if (comment) return 't-c';
  if (number) return 't-n';
  if (KEYWORDS.has(name)) return 't-k';
  if (REPL_NAMES.has(name)) return 't-a';
  return called ? 't-f' : '';
}

/** Pieces of the source with the class each is shown in. @param {string} source @returns {{ text: string, style: string }[]} */
export function tokens(source) {
  const found = [];
  let at = 0;
  for (const match of source.matchAll(TOKEN)) {
    const style = classOf(match);
    if (!style) continue;
    if (match.index > at) found.push({ text: source.slice(at, match.index), style: '' });
    found.push({ text: match[0], style });
    at = match.index + match[0].length;
  }
  if (at < source.length) found.push({ text: source.slice(at), style: '' });
  return found;
}

/** The source as numbered lines. @param {string} source @param {Set<number>} [marked] numbers of lines to point out @returns {HTMLElement[]} */
export function python(source, marked = new Set()) {
  const lines = [element('span')];
  for (const { text, style } of tokens(source)) {
    text.split('\n').forEach((part, index) => {
      if (index) lines.push(element('span'));
      if (part) lines.at(-1).append(style ? element('span', { class: style }, part) : part);
    });
  }
  return lines.map((line, index) => {
    if (!line.hasChildNodes()) line.append(' ');
    return element('div', { class: marked.has(index + 1) ? 'ln hit' : 'ln', 'data-n': index + 1 }, line);
  });
}
