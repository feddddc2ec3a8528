// Where the words of a shown answer stand in the Markdown it was made of.
import assert from 'node:assert/strict';
import test from 'node:test';
import { align } from '../../frontend/static/frontend/js/alignment.js';

/** What stands in the written text where a word of the shown texts stands. @param {string} written @param {string[]} shown @param {string} first @param {string} [last] */
function quoted(written, shown, first, last = first) {
  const stretches = align(written, shown);
  const place = (/** @type {string} */ word, /** @type {boolean} */ end) => {
    const index = shown.findIndex(text => text.includes(word));
    const at = shown[index].indexOf(word) + (end ? word.length - 1 : 0);
    const found = stretches.find(each => each.index === index && each.at <= at && at < each.at + each.length);
    assert.ok(found, `${word} has a place`);
    return found.from + at - found.at + (end ? 1 : 0);
  };
  return written.slice(place(first, false), place(last, true));
}

test('signs of Markdown are stepped over', () => {
  const written = '# The *mill*\n\nIt was **built** in `1790`, not~~ ever~~ later.';
  const shown = ['The ', 'mill', 'It was ', 'built', ' in ', '1790', ', not', ' ever', ' later.'];
  assert.equal(quoted(written, shown, 'mill'), 'mill');
  assert.equal(quoted(written, shown, 'built', '1790'), 'built** in `1790');
  assert.equal(quoted(written, shown, 'later.'), 'later.');
});

test('a word in two pieces is found in both', () => {
  assert.equal(quoted('un**believ**able tale', ['un', 'believ', 'able tale'], 'un', 'able'), 'un**believ**able');
});

test('addresses of links are no words of the text', () => {
  const written = 'See [the book](https://example.org/and/the(1)/rest "and so") and the rest.';
  assert.equal(quoted(written, ['See ', 'the book', ' and the rest.'], 'and the rest'), 'and the rest');
});

test('tables, lists and repeated words keep their places', () => {
  const written = '| Day | Town |\n|---|---|\n| 3 May | Ash |\n| 3 May | Elm |\n\n1. Ash\n2. Elm';
  const shown = ['Day', 'Town', '3 May', 'Ash', '3 May', 'Elm', 'Ash', 'Elm'];
  const stretches = align(written, shown);
  assert.deepEqual(stretches.map(({ index, from, length }) => [index, written.slice(from, from + length)]), shown.map((text, index) => [index, text]));
  assert.ok(stretches.every((each, index) => index === 0 || each.from > stretches[index - 1].from));
});

test('what is shown and was never written is left out, and the rest goes on', () => {
  const written = `Before ![a chart](http://x) after it. ${'Filler words here. '.repeat(40)}The picture was clear.`;
  const shown = ['Before ', '[picture: a chart]', ' after it. ', 'Filler words here. '.repeat(40), 'The picture was clear.'];
  assert.equal(quoted(written, shown, 'after it'), 'after it');
  assert.equal(quoted(written, shown, 'picture was clear', 'clear.'), 'picture was clear.');
});

test('signs beyond the first plane keep their two units together', () => {
  assert.equal(quoted('**Salt** 🧂🧂 came', ['Salt', ' 🧂🧂 came'], '🧂🧂'), '🧂🧂');
});

test('a long answer is aligned quickly', () => {
  const line = 'The **quick** brown [fox](http://example.org/fox) jumps over the lazy dog. ';
  const written = line.repeat(2_500);
  const shown = Array.from({ length: 2_500 }, () => ['The ', 'quick', ' brown ', 'fox', ' jumps over the lazy dog. ']).flat();
  const began = performance.now();
  const stretches = align(written, shown);
  assert.ok(performance.now() - began < 1_500);
  assert.equal(stretches.length, shown.length);
});
