// @ts-check
// Dissent: where the answers of a batch differ. Equal ones stand together, outliers first; each leads to its calls.
import { share, whole } from '../format.js';
import { fetchData } from '../place.js';
import { element, iconElement } from '../ui.js';
import { copyButton, heading, many, muted, nodeLink, nothing } from './pieces.js';

/** @typedef {import('../detail.js').Subject} Subject */
/** @typedef {import('./pieces.js').Shown} Shown */
/**
 * @typedef {{ how: 'same' | 'alike' | 'failed' | 'open', label: string, sample: string, count: number, share: number,
 *   equal: number, numbers: number[] }} Group
 * @typedef {{ name: string, present: number, missing: number, distinct: number, range?: { least: number, median: number, most: number },
 *   values: { value: string, count: number, numbers: number[] }[] }} Field
 * @typedef {{ count: number, answered: number, groups: Group[], more: { groups: number, answers: number }, fields: Field[] }} Told
 */

const MOST_LINKS = 60;
const FIRST_VALUES = 8;
/** What was told of each batch, and at which state of the run. @type {Map<string, Promise<Told>>} */
const known = new Map();

/** @param {Subject} subject @returns {Promise<Shown>} */
export async function dissent(subject) {
  const batch = /** @type {import('../layout.js').Batch} */ (subject.batch);
  const open = batch.items.filter(node => node.end === null).length;
  const told = await fetched(batch.number, `${batch.number} ${batch.items.length} ${open}`);
  if (!told.answered) return [nothing('clock', 'No answers yet', 'They are compared as soon as the first have come.')];
  const kinds = told.groups.length + told.more.groups;
  const rows = told.groups.map(group => groupOf(subject, group));
  return [
    heading(`How ${many(told.count, 'answer')} differ`, `${many(kinds, 'kind')}, outliers first`, copyButton(() => asText(told), 'Copy table')),
    element('ul', { class: 'groups' }, ...rows),
    told.more.groups ? muted(`and ${whole(told.more.answers)} more answers of ${whole(told.more.groups)} other kinds.`) : null,
    told.fields.length ? heading('What the fields hold', 'rare values first') : null,
    ...told.fields.map(field => fieldOf(subject, field, told.answered)),
  ];
}

/** Asked for once for each state of the batch. @param {number} number @param {string} key @returns {Promise<Told>} */
function fetched(number, key) {
  let answer = known.get(key);
  if (!answer) {
    answer = fetchData(`batches/${number}/dissent`);
    known.clear();
    known.set(key, answer);
    answer.catch(() => known.delete(key));
  }
  return answer;
}

// ------------------------------------------------------------------------------------------------ answers

/** @param {Subject} subject @param {Group} group */
function groupOf(subject, group) {
  const sign = group.how === 'failed' ? element('span', { class: 'sign errtext' }, iconElement('err')) : null;
  const like = group.how === 'alike' ? `${whole(group.equal)} of them just so, the others nearly` : group.count > 1 && group.how === 'same' ? 'all just so' : '';
  const links = group.numbers.slice(0, MOST_LINKS).map(number => callLink(subject, number));
  return element('li', {}, element('details', {},
    element('summary', {}, element('span', { class: 'label' }, sign, group.label), bar(group.share, group.how),
      element('span', { class: 'num' }, whole(group.count)), element('span', { class: 'num muted' }, share(group.share, 1))),
    element('div', { class: 'group-more' },
      group.sample ? element('pre', { class: 'code plain', tabindex: 0 }, group.sample) : null,
      element('div', { class: 'row wrap small' }, lightButton(subject, group.numbers, 'btn sm', 'Show in the time line', group.count === 1 ? 'Show this call' : `Show these ${whole(group.count)} calls`), group.sample ? copyButton(group.sample, 'Copy answer') : null,
        like ? element('span', { class: 'muted' }, like) : null),
      element('div', { class: 'call-links' }, ...links, group.count > MOST_LINKS ? element('span', { class: 'muted' }, `and ${whole(group.count - MOST_LINKS)} more`) : null))));
}

/** Length says which part of all. @param {number} part @param {string} [how] */
function bar(part, how = '') {
  const inner = element('i');
  inner.style.width = `${Math.max(1, 100 * part)}%`;
  return element('span', { class: `share-bar ${how}`, 'aria-hidden': 'true' }, inner);
}

/** @param {Subject} subject @param {number} number */
function callLink(subject, number) {
  const node = subject.state.nodes.get(number);
  const link = nodeLink(subject, String(number), `${(node?.index ?? 0) + 1}`);
  link.title = node?.name ?? '';
  return link;
}

/** Lights the calls and dims all others; pressed again, none. @param {Subject} subject @param {number[]} numbers @param {string} style @param {string} said @param {string} text */
function lightButton(subject, numbers, style, said, text) {
  const key = numbers.join();
  const button = element('button', { class: style, type: 'button', 'aria-label': said, title: said, onclick: () => subject.lightCalls(numbers) }, text);
  const press = () => button.setAttribute('aria-pressed', String(subject.litCalls() === key));
  subject.onLit(press);
  press();
  return button;
}

/** @param {Told} told */
const asText = told => told.groups.map(group => [group.count, group.how, group.label, group.numbers.join(' ')].join('\t')).join('\n');

// ------------------------------------------------------------------------------------------------ fields

/** @param {Subject} subject @param {Field} field @param {number} answered */
function fieldOf(subject, field, answered) {
  const facts = [many(field.distinct, 'value')];
  if (field.missing) facts.push(`missing in ${whole(field.missing)}`);
  if (field.range) facts.push(`${figure(field.range.least)} to ${figure(field.range.most)}, half up to ${figure(field.range.median)}`);
  const rows = field.values.map(each => element('li', {},
    element('span', { class: 'label mono trunc', title: each.value }, each.value), bar(each.count / answered),
    lightButton(subject, each.numbers, 'linkish num', `${field.name} ${each.value}: show ${many(each.count, 'call')} in the time line`, whole(each.count)),
    element('span', { class: 'num muted' }, share(each.count, answered))));
  const hidden = rows.slice(FIRST_VALUES);
  return element('section', { class: 'answer-field', 'aria-label': `Field ${field.name}` },
    element('h4', {}, element('span', { class: 'mono' }, field.name), element('span', { class: 'muted aside' }, facts.join(', '))),
    element('ul', { class: 'groups' }, ...rows.slice(0, FIRST_VALUES)),
    hidden.length ? element('details', { class: 'older' }, element('summary', {}, `${many(hidden.length, 'more value')}`), element('ul', { class: 'groups' }, ...hidden)) : null,
    field.distinct > field.values.length ? muted(`The rarest and the most frequent of ${whole(field.distinct)} values.`) : null);
}

const figure = (/** @type {number} */ value) => value.toLocaleString('en', { maximumFractionDigits: 4 });
