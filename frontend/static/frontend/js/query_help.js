// @ts-check
// What a query can say, beside the search box: each example goes into the box at a press.
import { $, element } from './ui.js';

/** @typedef {import('./query.js').Word} Word */

const TEXTS = [
  ['word', 'in any text, whatever its case'], ['"two words"', 'these words together'],
  ['/INC-\\d+/', 'a regular expression'], ['-word', 'a minus before anything turns it round'],
];

export class QueryHelp {
  /** @param {{ box: HTMLInputElement, words: Word[], changed: () => void, list: { open: () => void, draw: () => void } }} finding */
  constructor(finding) {
    this.finding = finding;
    this.isAsked = false;
    this.place = $('#find-help');
    this.button = $('#find-help-open');
    this.button.addEventListener('click', () => {
      this.isAsked = !this.isAsked;
      finding.list.open();
      finding.box.focus();
    });
  }

  /** @param {boolean} shown */
  draw(shown) {
    if (!shown) this.isAsked = false;
    this.place.hidden = !shown;
    this.button.setAttribute('aria-expanded', String(shown));
    if (shown && !this.place.childElementCount) this.place.append(...this.made());
  }

  made() {
    const texts = TEXTS.map(([text, help]) => row([this.example(text)], help));
    const words = this.finding.words.map(word => row(this.examples(word), word.help));
    return [element('h3', {}, 'What a search can say'), element('dl', {}, ...texts.flat(), ...words.flat())];
  }

  /** @param {Word} word */
  examples({ name, choices, example }) {
    if (!choices.length) return [this.example(`${name}:${example}`)];
    return [element('span', { class: 'find-name' }, `${name}:`), ...choices.map(choice => this.example(`${name}:${choice}`, choice))];
  }

  /** @param {string} text @param {string} [shown] */
  example(text, shown = text) {
    return element('button', { class: 'find-word', type: 'button', title: `Add ${text}`, onclick: () => this.insert(text) }, shown);
  }

  /** Puts an example at the end of the line, its value selected, ready to be written over. @param {string} text */
  insert(text) {
    const { box } = this.finding;
    const before = box.value.trimEnd();
    box.value = before ? `${before} ${text}` : text;
    const from = box.value.length - text.length;
    const [first, last] = valueOf(text);
    box.focus();
    box.setSelectionRange(from + first, from + last);
    this.isAsked = true;
    this.finding.changed();
  }
}

/** @param {Element[]} examples @param {string} help */
const row = (examples, help) => [element('dt', {}, ...examples), element('dd', {}, help)];

/** Which part of an example one would write over. @param {string} text */
function valueOf(text) {
  const colon = text.indexOf(':');
  if (colon > 0) return [colon + 1 + (/[<>@]/.test(text[colon + 1]) ? 1 : 0), text.length];
  const edge = /^["/]/.test(text) ? 1 : 0;
  return [edge || (text[0] === '-' ? 1 : 0), text.length - edge];
}
