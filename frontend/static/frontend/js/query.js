// @ts-check
// What is asked for in a search box, as far as a run's skeleton tells it: kinds, states, names, figures. Pure. The server
// (`trajectories/search/query.py`) reads the same line by the same rules, looks into the texts, and says what is wrong.

/** @typedef {import('./state.js').State} State */
/** @typedef {import('./state.js').Node} Node */
/** @typedef {{ name: string, takes: string, help: string, example: string, choices: string[] }} Word  of `words.py` */
/** @typedef {(node: Node) => boolean} Test */
/** @typedef {{ negated: boolean, text: string, how: string }} Token  how: phrase, expression, word, or `name:` */
/**
 * @typedef {{ test: Test, isWhole: boolean, texts: Token[], scopes: string[] }} Reading
 * test: what the skeleton says; isWhole: it says all; texts: what is to be found in texts; scopes: only there
 */

const SPACE = ' \\t\\r\\n\\f\\v\\u00a0\\u3000';
const TOKEN = new RegExp([
  '(?<minus>-(?=["/_\\p{L}\\p{N}]))?',
  `(?:(?<name>[A-Za-z]+):"(?<named>[^"]*)"?(?<rest>[^${SPACE}]*)`,
  '|"(?<phrase>[^"]*)"?',
  `|/(?<expression>(?:[^/\\\\]|\\\\.)+)/(?=[${SPACE}]|$)`,
  `|(?<word>[^${SPACE}]+))`,
].join(''), 'suy');
const BLANK = new RegExp(`[${SPACE}]+`, 'y');

/** @param {string} line @returns {Token[]} */
export function tokens(line) {
  const found = [];
  for (let at = 0; at < line.length;) {
    BLANK.lastIndex = at;
    if (BLANK.test(line)) at = BLANK.lastIndex;
    if (at >= line.length) break;
    TOKEN.lastIndex = at;
    const { minus, name, named, rest, phrase, expression, word } = TOKEN.exec(line)?.groups ?? {};
    at = TOKEN.lastIndex || line.length;
    const [text, how] = name !== undefined ? [named + rest, `${name.toLowerCase()}:`]
      : phrase !== undefined ? [phrase, 'phrase'] : expression !== undefined ? [expression, 'expression'] : [word, 'word'];
    found.push({ negated: minus !== undefined, text, how });
  }
  return found;
}

/**
 * @param {string} line @param {Word[]} words @param {State} state @param {number} now seconds since the run's start
 * @returns {Reading | null} null: nothing is asked for
 */
export function read(line, words, state, now) {
  const known = new Map(words.map(word => [word.name, word]));
  const tests = /** @type {Test[]} */ ([]);
  const texts = /** @type {Token[]} */ ([]);
  const [within, without] = [new Set(), new Set()];
  let isWhole = true;
  const found = tokens(line);
  for (const token of found) {
    const { name, value } = conditionOf(token, known);
    if (name === 'in') {
      for (const scope of value.split(',')) (token.negated ? without : within).add(scope);
    } else if (name) {
      const test = conditionTest(/** @type {Word} */ (known.get(name)), value, state, now);
      if (test) tests.push(node => test(node) !== token.negated);
      else isWhole = false;
    } else {
      isWhole = false;
      texts.push(token);
    }
  }
  if (!found.length) return null;
  const choices = known.get('in')?.choices ?? [];
  const scopes = choices.filter(scope => (!within.size || within.has(scope)) && !without.has(scope));
  for (const token of texts) if (!token.negated) tests.push(namesIt(token));
  return { test: node => tests.every(test => test(node)), isWhole, texts, scopes };
}

/** The word of the table that a token is, and its value; no name: it is text. @param {Token} token @param {Map<string, Word>} known */
function conditionOf({ text, how }, known) {
  if (how.endsWith(':')) return { name: known.has(how.slice(0, -1)) ? how.slice(0, -1) : '', value: text };
  const colon = how === 'word' ? text.indexOf(':') : -1;
  const name = text.slice(0, Math.max(0, colon)).toLowerCase();
  return known.has(name) ? { name, value: text.slice(colon + 1) } : { name: '', value: text };
}

/** Until the server has told: nodes that have it in their names. @param {Token} token @returns {Test} */
function namesIt({ text, how }) {
  if (how === 'expression') return () => false;
  const words = text.toLowerCase();
  return node => node.name.toLowerCase().includes(words);
}

// ------------------------------------------------------------------------------------------------ conditions

/** @type {Record<string, (node: Node, state: State) => string>} */
const NAMES = {
  kind: node => node.kind, status: node => node.status, error: node => node.error ?? '', model: node => node.model,
  role: node => node.role, label: labelOf,
};
/** @type {Record<string, (node: Node, now: number) => number | null>} */
const FIGURES = {
  cost: node => (node.subtree_usd === null ? null : Number(node.subtree_usd)),
  time: (node, now) => Math.max(0, (node.end ?? now) - Math.min(node.start + (node.queued_ms ?? 0) / 1000, node.end ?? Infinity)),
  tokens: node => (node.input_tokens === null ? null : node.input_tokens + (node.output_tokens ?? 0)),
  depth: node => node.depth, node: node => node.number, batch: node => node.batch,
};
const UNITS = /** @type {Record<string, Record<string, number>>} */ ({
  time: { '': 1, ms: 0.001, s: 1, m: 60, min: 60, h: 3600 }, cost: { '': 1 },
});
const PLAIN = /** @type {Record<string, number>} */ ({ '': 1, k: 1_000, m: 1_000_000 });

/** What a cell's code does; a step is called after its cells. @param {Node} node @param {State} state */
function labelOf(node, state) {
  if (node.kind === 'cell') return node.name;
  if (node.kind !== 'step') return '';
  const children = (state.children.get(node.number) ?? []).map(number => state.nodes.get(number));
  return children.filter(child => child?.kind === 'cell').map(child => child?.name).join(', ');
}

/** @param {Word} word @param {string} value @param {State} state @param {number} now @returns {Test | null} null: the server must tell */
function conditionTest({ name, choices }, value, state, now) {
  if (name in NAMES) {
    const values = value.toLowerCase().split(',').map(part => part.trim());
    const own = NAMES[name];
    if (choices.length) return values.every(each => choices.includes(each)) ? node => values.includes(own(node, state)) : null;
    if (!values.some(Boolean)) return null;
    return node => values.some(part => part && own(node, state).toLowerCase().includes(part));
  }
  const bounds = name in FIGURES ? boundsOf(name === 'cost' ? value.replace('$', '') : value, UNITS[name] ?? PLAIN) : null;
  return bounds && (node => bounds(FIGURES[name](node, now)));
}

/** @param {string} value @param {Record<string, number>} units */
function boundsOf(value, units) {
  const [first, last] = value.split('..');
  if (last !== undefined) {
    const [low, high] = [amount(first, units), amount(last, units)];
    return low === null || high === null ? null : within(low, high);
  }
  const sign = value.match(/^(>=|<=|>|<|=)?/)?.[0] ?? '';
  const bound = amount(value.slice(sign.length), units);
  if (bound === null) return null;
  const tests = /** @type {Record<string, (figure: number) => boolean>} */ ({
    '>': figure => figure > bound, '>=': figure => figure >= bound, '<': figure => figure < bound, '<=': figure => figure <= bound,
  });
  const test = tests[sign] ?? (figure => figure === bound);
  return (/** @type {number | null} */ figure) => figure !== null && test(figure);
}

/** @param {number} low @param {number} high */
const within = (low, high) => (/** @type {number | null} */ figure) => figure !== null && low <= figure && figure <= high;

/** @param {string} text @param {Record<string, number>} units */
function amount(text, units) {
  const [, number, unit] = text.trim().match(/^(\d{1,15}(?:\.\d{0,12})?|\.\d{1,12})([a-z]*)$/i) ?? [];
  const factor = number === undefined ? undefined : units[unit.toLowerCase()];
  return factor === undefined ? null : Number(number) * factor;
}

// ------------------------------------------------------------------------------------------------ texts

/** Words to mark in a text, whatever their case and the white space between them; null when there are none. @param {Token[]} texts @returns {RegExp | null} */
export function marks(texts) {
  const words = texts.filter(({ negated, how, text }) => !negated && how !== 'expression' && text.trim());
  const patterns = words.map(({ text }) => text.trim().split(/\s+/).map(escaped).join('\\s+'));
  return patterns.length ? new RegExp(patterns.join('|'), 'giu') : null;
}

/** @param {string} word */
const escaped = word => word.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
