// @ts-check
// The critical path in one sentence, word for word as `trajectories/critical/sentence.py` says it: “182 s = 61 s root +
// 97 s slowest of 16 + 24 s code; more workers would save at most 12 s”. Its figures add up as they are shown. Pure.

/** @typedef {import('./critical.js').CriticalPath} CriticalPath */
/** @typedef {import('./critical.js').Clause} Clause */
/** @typedef {{ text: string, key: string, node: number | null, nodes: number[] }} Part  key: '' for what joins others; node: where a link leads */

const MICRO = 1e6;
const DIGITS = /** @type {Record<number, number>} */ ({ [MICRO]: 0, [MICRO / 10]: 1, [MICRO / 100]: 2 });

/** @param {CriticalPath} path @returns {Part[]} */
export function words(path) {
  const unit = unitOf(path.micros);
  const all = rounded(path.micros, unit);
  const nodes = [...path.nodes].sort((one, other) => one - other);
  const parts = [part(`${text(all, unit)}${path.live ? ' so far' : ''}`, 'total', nodes[0], nodes)];
  const units = sharedOut(path.clauses.map(clause => clause.micros), all, unit);
  let [joint, calls] = [' = ', 0];
  path.clauses.forEach((clause, index) => {
    if (!units[index]) return;
    const told = `${text(units[index], unit)} ${what(clause)}${ofIt(clause, unit)}`;
    if (clause.key === 'calls') calls += 1;
    const key = clause.key === 'calls' && calls > 1 ? `calls${calls}` : clause.key;
    const below = [...clause.nodes].sort((one, other) => one.start - other.start || one.number - other.number);
    parts.push(part(joint), part(told, key, longest(clause), below.map(span => Math.abs(span.number))));
    joint = ' + ';
  });
  return [...parts, ...workers(path, unit)];
}

/** @param {string} text @param {string} [key] @param {number | null} [node] @param {number[]} [nodes] @returns {Part} */
const part = (text, key = '', node = null, nodes = []) => ({ text, key, node, nodes });

/** @param {Clause} clause */
function longest(clause) {
  let found = /** @type {import('./critical.js').Span | null} */ (null);
  for (const span of clause.nodes) {
    const more = found ? span.end - span.start - found.end + found.start : 1;
    if (!found || more > 0 || (more === 0 && span.number < found.number)) found = span;
  }
  return found && Math.abs(found.number);
}

/** @param {Clause} clause */
function what({ key, kind, isBatch, sizes }) {
  if (key !== 'calls') return key === 'rest' ? 'idle' : key;
  const [many, one] = [sizes.length, kind === 'rlm' ? 'sub-RLM' : 'call'];
  if (!isBatch) return many === 1 ? `one ${one}` : `${many.toLocaleString('en')} ${one}s in a row`;
  if (many > 1) return `slowest ${one}s of ${many.toLocaleString('en')} batches`;
  if (sizes[0] === 1) return `one ${one}`;
  return `slowest of ${sizes[0].toLocaleString('en')}${kind === 'rlm' ? ' sub-RLMs' : ''}`;
}

/** What of a clause's time was waiting. @param {Clause} clause @param {number} unit */
function ofIt(clause, unit) {
  const waits = /** @type {[number, string][]} */ ([[clause.queued, 'queued'], [clause.retried, 'retried']]);
  const told = waits.filter(([micros]) => rounded(micros, unit)).map(([micros, word]) => `${text(rounded(micros, unit), unit)} ${word}`);
  return told.length ? ` (${told.join(', ')})` : '';
}

/** What more slots for calls could save; nothing is said where code awaited no calls. @param {CriticalPath} path @param {number} unit */
function workers(path, unit) {
  if (!path.clauses.some(clause => clause.key === 'calls')) return [];
  const saved = rounded(path.micros - path.least, unit);
  if (!saved || !path.waited.length) return [part('; '), part('more workers would save nothing', 'workers')];
  const waited = path.waited.map(span => span.number);
  return [part('; '), part(`more workers would save at most ${text(saved, unit)}`, 'workers', waited[0], waited)];
}

/** Microseconds that one step of the last digit stands for. @param {number} micros */
function unitOf(micros) {
  if (micros >= 20 * MICRO) return MICRO;
  if (micros >= 2 * MICRO) return MICRO / 10;
  return micros >= MICRO / 5 ? MICRO / 100 : MICRO / 1000;
}

const rounded = (/** @type {number} */ micros, /** @type {number} */ unit) => Math.floor((micros + unit / 2) / unit);

/** @param {number} units @param {number} unit */
function text(units, unit) {
  if (!(unit in DIGITS)) return `${units} ms`;
  const digits = DIGITS[unit];
  return `${(units * unit / MICRO).toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })} s`;
}

/** Rounded so that they add up to `all`: those that lose most by rounding down are rounded up. @param {number[]} micros @param {number} all @param {number} unit */
function sharedOut(micros, all, unit) {
  const units = micros.map(each => Math.floor(each / unit));
  const order = micros.map((_, index) => index).sort((one, other) => micros[other] % unit - micros[one] % unit || one - other);
  const left = all - units.reduce((sum, each) => sum + each, 0);
  for (const index of order.slice(0, left)) units[index] += 1;
  return units;
}
