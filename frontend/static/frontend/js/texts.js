// @ts-check
// The texts of a node, as far as they are here: at first their beginnings, then window by window what is looked at.
import { fetchData } from './place.js';

/** Characters of each text that come with its node. */
export const BEGINNING = 20_000;
const WINDOW = 50_000;
const LARGEST = 200_000;

/**
 * A node as the page keeps it: where the server told beginnings, `chars` says how long the texts are.
 * @param {number} number @param {number | null} against an earlier call whose messages are compared @returns {Promise<any>}
 */
export const fetchFull = (number, against) => fetchData(`nodes/${number}?heads=${BEGINNING}${against === null ? '' : `&against=${against}`}`);

/** One text of a node. What of it is here stands in the node itself, under the text's name. */
export class NodeText {
  /** @param {any} full the node @param {string} name `stdout`, `request.3` */
  constructor(full, name) {
    this.full = full;
    this.name = name;
    const [, place] = name.match(/^request\.(\d+)$/) ?? [];
    /** The object and the key that hold what is here. @type {[any, string]} */
    this.holder = place === undefined ? [full, name] : [full.request[Number(place)], 'content'];
    const told = place === undefined ? full.chars?.[name] : full.chars?.request[Number(place)];
    /** Characters of the whole text, which are not JavaScript's units. @type {number} */
    this.chars = told ?? countOf(this.here);
    this.known = told === undefined ? this.chars : countOf(this.here);
  }

  /** The beginning, as far as it is here. @returns {string} */
  get here() {
    return this.holder[0][this.holder[1]] ?? '';
  }

  get isWhole() {
    return this.known >= this.chars;
  }

  /** Fetches the next window; returns what has come. @param {number} [chars] */
  async more(chars = WINDOW) {
    const { end, text } = await this.window(this.known, this.known + chars);
    const [object, key] = this.holder;
    object[key] = this.here + text;
    this.known = text ? end : this.chars;
    return /** @type {string} */ (text);
  }

  /** Fetches all that is missing; returns the whole. */
  async whole() {
    while (!this.isWhole) await this.more(LARGEST);
    return this.here;
  }

  /** A piece of the end, which is not kept. @returns {Promise<string>} */
  async end() {
    return (await this.window(Math.max(this.known, this.chars - BEGINNING), this.chars)).text;
  }

  /** @param {number} start @param {number} end @returns {Promise<{ end: number, text: string }>} */
  window(start, end) {
    return fetchData(`nodes/${this.full.number}/texts/${this.name}?start=${start}&end=${end}`);
  }
}

/** Characters as the server counts them. @param {string} text */
function countOf(text) {
  let count = text.length;
  for (let at = 0; at < text.length; at += 1) if ((text.charCodeAt(at) & 0xfc00) === 0xd800) count -= 1;
  return count;
}
