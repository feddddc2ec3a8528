// @ts-check
// How numbers, money and times are written (the template filters in templatetags/words.py say the same).

/** Made once: a number is written a thousand times while one scrolls. */
const WHOLE = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const CENTS = new Intl.NumberFormat('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const PARTS_OF_CENTS = new Intl.NumberFormat('en', { minimumFractionDigits: 4, maximumFractionDigits: 4 });

/** 1,204 · 733 k · 3.2 M. @param {number | null | undefined} number */
export function count(number) {
  if (number === null || number === undefined) return '–';
  if (number >= 1e9) return `${(number / 1e9).toFixed(1)} G`;
  if (number >= 1e6) return `${(number / 1e6).toFixed(1)} M`;
  return number >= 1e4 ? `${Math.round(number / 1e3)} k` : whole(number);
}

/** 1,097,510. @param {number} number */
export const whole = number => WHOLE.format(Math.round(number));

/** 184 MB. @param {number} bytes */
export function size(bytes) {
  if (bytes < 1000) return `${Math.round(bytes)} B`;
  for (const [unit, power] of /** @type {[string, number][]} */ ([['kB', 1e3], ['MB', 1e6], ['GB', 1e9]])) {
    const value = bytes / power;
    if (value < 1000 || unit === 'GB') return `${value < 10 || unit === 'GB' ? value.toFixed(1) : Math.round(value)} ${unit}`;
  }
  return '';
}

/** $0.55, four digits under one cent; unknown is a word, never 0. @param {string | number | null | undefined} amount */
export function usd(amount) {
  if (amount === null || amount === undefined) return 'unknown';
  const value = Number(amount);
  return `$${(value > 0 && value < 0.01 ? PARTS_OF_CENTS : CENTS).format(value)}`;
}

/** “$0.55”, “at least $1.24”, “unknown”. @param {{ usd: string | null, kind: string, unpriced_calls: number }} cost */
export function costWords(cost) {
  if (cost.unpriced_calls) return Number(cost.usd) ? `at least ${usd(cost.usd)}` : 'unknown';
  return usd(cost.usd);
}

/** 3:36 or 1:03:36. @param {number} seconds */
export function clock(seconds) {
  const two = (/** @type {number} */ value) => String(value).padStart(2, '0');
  const minutes = Math.floor(seconds / 60);
  const rest = two(Math.floor(seconds % 60));
  return minutes < 60 ? `${minutes}:${rest}` : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${rest}`;
}

/** 310 ms · 2.1 s · 1 min 26 s. @param {number} seconds */
export function duration(seconds) {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const [minutes, rest] = [Math.floor(seconds / 60), Math.floor(seconds % 60)];
  return rest ? `${minutes} min ${rest} s` : `${minutes} min`;
}

/** 96.9 %. @param {number} part @param {number} all */
export function share(part, all) {
  const percent = all ? 100 * part / all : 0;
  if (!percent) return '0 %';
  return `${percent.toFixed(percent >= 1 ? 1 : percent >= 0.1 ? 2 : 3)} %`;
}

/** `1 document`, `3 documents`. @param {number} number @param {string} noun */
export const plural = (number, noun) => `${whole(number)} ${noun}${number === 1 ? '' : 's'}`;
