// @ts-check
// A run while it is at work: figures that tick, the step under way, the words of the root's reply, what is being read.

import { scrollToMark, showPane, showSpan } from './pane.js';
import { documentAt, fetchData } from './place.js';
import { tellHead } from './run_head.js';
import { follow } from './socket.js';
import { apply, load } from './state.js';
import { $, ApiError, element, failure, iconElement, toast } from './ui.js';
import { clock, costWords, count, duration, plural, whole } from './format.js';

const MOST_ROWS = 8;
const DRAW_EVERY = 200;
const STREAM_CHARS = 6_000;
const READ_EVERY = 1_200;
const WORDS = /** @type {Record<string, string>} */ ({ succeeded: 'Answered.', failed: 'The run ended without an answer.', cancelled: 'Stopped.' });

/** @typedef {import('./state.js').State} State @typedef {import('./state.js').Node} Node */

/**
 * @param {number} serverNow the server's clock when it made the page
 * @param {() => Promise<any>} refresh fetches the page's middle again
 */
export async function watchLive(serverNow, refresh) {
  try {
    const state = load(await fetchData('tree'));
    new Live(state, Date.now() / 1000 - serverNow, refresh);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const again = () => watchLive(serverNow, refresh);
    $('#live-list').replaceChildren(element('li', { class: 'calm' }, failure('What happens now could not be loaded', error, again)));
  }
}

class Live {
  /** @param {State} state @param {number} skew our clock minus the server's @param {() => Promise<any>} refresh */
  constructor(state, skew, refresh) {
    this.state = state;
    this.skew = skew;
    this.refresh = refresh;
    this.words = { node: 0, text: '', since: 0 };
    this.readAt = 0;
    this.telling = false;
    this.toldAgain = false;
    this.timer = setInterval(() => this.draw(), DRAW_EVERY);
    this.link = follow({
      after: state.seq,
      events: events => this.take(events),
      delta: (node, text) => this.hear(node, text),
      end: () => this.finish(),
      status: word => this.tellLink(word),
    });
    this.draw();
  }

  get elapsed() {
    const { startedAt, seconds } = this.state.run;
    if (seconds !== null) return seconds;
    return startedAt === null ? 0 : Math.max(0, Date.now() / 1000 - this.skew - startedAt);
  }

  get inFlight() {
    let number = 0;
    for (const node of this.state.nodes.values()) if (node.kind === 'lm' && node.end === null) number += 1;
    return number;
  }

  /** @param {import('./state.js').Event[]} events */
  take(events) {
    let stepEnded = false;
    for (const event of events) {
      apply(this.state, event);
      if (event.type !== 'node.finished') continue;
      const node = this.state.nodes.get(/** @type {number} */ (event.node));
      stepEnded ||= node?.kind === 'step' && node.depth === 0;
      if (event.node === this.words.node) this.words.node = 0;
      this.look(event.data.reads);
    }
    if (stepEnded) {
      this.tellStory();
      dispatchEvent(new Event('step-ended'));
    }
    this.draw();
  }

  /** The words of a reply as they are written. @param {number} node @param {string} text */
  hear(node, text) {
    const writer = this.state.nodes.get(node);
    if (writer && writer.end !== null) return;
    if (node !== this.words.node) this.words = { node, text: '', since: Date.now() };
    this.words.text = (this.words.text + text).slice(-STREAM_CHARS);
    this.drawWords();
  }

  /** Shows in the pane what was read last, not more often than it can be read. @param {any[] | undefined} reads */
  look(reads) {
    const read = reads?.findLast(each => each.how !== 'sent') ?? reads?.at(-1);
    if (!read || Date.now() - this.readAt < READ_EVERY) return;
    const document = this.state.run.documents.find(each => each.id === read.document);
    if (!document) return;
    this.readAt = Date.now();
    const address = documentAt(read.document, read.start, read.end);
    showPane(document.name, 'being read', `Characters ${whole(read.start)}–${whole(read.end)}`, address);
    showSpan({ document: read.document, chars: document.chars, start: read.start, end: read.end }).then(scrollToMark);
  }

  /** The sentences of the steps come from the server, which makes them for finished runs too. */
  async tellStory() {
    this.toldAgain = this.telling;
    if (this.telling) return;
    this.telling = true;
    const answer = await fetch(location.href);
    const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html').querySelector('#story');
    if (fresh && $('#story') && this.link) $('#story').replaceWith(document.adoptNode(fresh));
    this.telling = false;
    if (this.toldAgain) this.tellStory();
  }

  async finish() {
    clearInterval(this.timer);
    this.link?.close();
    this.link = null;
    await this.refresh();
    toast(WORDS[this.state.run.status] ?? 'The run has ended.');
    dispatchEvent(new Event('run-ended'));
  }

  // ------------------------------------------------------------------------------------------ drawing

  draw() {
    if (!$('#live-figures')) return;
    const { run, nodes } = this.state;
    const { elapsed, inFlight } = this;
    const figures = {
      spent: costWords(run.cost), time: clock(elapsed), nodes: whole(nodes.size), flight: whole(inFlight),
      in: count(run.usage.input_tokens), cached: count(run.usage.cache_read_tokens), out: count(run.usage.output_tokens),
    };
    for (const [name, value] of Object.entries(figures)) $(`[data-figure=${name}]`).textContent = value;
    tellHead(this.state, elapsed, inFlight);
    this.drawStep(elapsed);
    if (!this.words.node) $('#stream-card').hidden = true;
  }

  /** @param {number} elapsed */
  drawStep(elapsed) {
    const steps = [...this.state.nodes.values()].filter(node => node.kind === 'step' && node.depth === 0);
    const step = steps.at(-1);
    if (!step) return;
    $('#now-t').textContent = `Step ${steps.length}`;
    $('#now-since').textContent = step.end === null ? `since ${clock(step.start)}` : 'done';
    const rows = this.rows(step).map(row => drawRow(row, elapsed));
    const hidden = rows.length - MOST_ROWS;
    if (hidden > 0) rows.splice(MOST_ROWS, hidden, element('li', { class: 'calm' }, element('span'), element('span', { class: 'muted' }, `and ${plural(hidden, 'other')}`)));
    $('#live-list').replaceChildren(...rows);
  }

  /** What the step does: its reply, its code, its calls. @param {Node} step @returns {Row[]} */
  rows(step) {
    /** @type {Row[]} */
    const rows = [];
    for (const child of this.childrenOf(step)) {
      const title = child.kind === 'lm' ? `${shortModel(child.model)} ${child.end === null ? 'is writing' : 'wrote'} the next step` : child.kind === 'cell' ? `Code: ${child.name}` : child.name;
      rows.push({ kind: child.kind, title, detail: '', done: null, all: 0, start: child.start, end: child.end, failed: child.status === 'failed' });
      if (child.kind === 'cell') rows.push(...this.callRows(child));
    }
    return rows;
  }

  /** Calls of one cell: one row for each batch, one for each sub-run. @param {Node} cell @returns {Row[]} */
  callRows(cell) {
    /** @type {Map<string, Node[]>} */
    const groups = new Map();
    for (const call of this.childrenOf(cell)) {
      const key = call.kind === 'rlm' ? `r${call.number}` : `${call.model} ${call.batch ?? call.number}`;
      groups.set(key, [...groups.get(key) ?? [], call]);
    }
    return [...groups.values()].map(calls => (calls[0].kind === 'rlm' ? this.subRun(calls[0]) : batchRow(calls)));
  }

  /** @param {Node} run @returns {Row} */
  subRun(run) {
    const steps = this.childrenOf(run).filter(node => node.kind === 'step');
    const last = steps.at(-1);
    const calls = last ? this.childrenOf(last).flatMap(node => this.childrenOf(node)) : [];
    const detail = run.end !== null ? 'done' : `step ${steps.length || 1}${calls.length ? `, ${plural(calls.length, 'call')}` : ''}`;
    return { kind: 'rlm', title: run.name, detail, done: calls.filter(node => node.end !== null).length, all: calls.length, start: run.start, end: run.end, failed: run.status === 'failed' };
  }

  /** @param {Node} node @returns {Node[]} */
  childrenOf(node) {
    return (this.state.children.get(node.number) ?? []).map(number => /** @type {Node} */ (this.state.nodes.get(number)));
  }

  drawWords() {
    const card = $('#stream-card');
    if (!card) return;
    card.hidden = false;
    $('#stream-model').textContent = shortModel(this.state.nodes.get(this.words.node)?.model ?? '') || 'model';
    $('#stream-since').textContent = duration((Date.now() - this.words.since) / 1000);
    const stream = $('#stream');
    stream.textContent = this.words.text;
    stream.scrollTop = stream.scrollHeight;
  }

  /** @param {import('./socket.js').SocketStatus} word */
  tellLink(word) {
    const note = $('#link-lost');
    if (!note) return;
    note.hidden = word === 'open' || word === 'connecting' || word === 'ended';
    $('span', note).textContent = word === 'refused'
      ? 'This run cannot be followed any more. Reload the page.'
      : `Connection lost at event ${whole(this.state.seq)}. Trying again; nothing is missed.`;
  }
}

/**
 * @typedef {{
 *   kind: string, title: string, detail: string, done: number | null, all: number, start: number, end: number | null,
 *   failed: boolean,
 * }} Row  done null: no count of its own
 */

/** @param {Node[]} calls @returns {Row} */
function batchRow(calls) {
  const done = calls.filter(node => node.end !== null);
  const failed = done.filter(node => node.status === 'failed').length;
  const open = done.length < calls.length;
  const title = `${open ? 'Asking' : 'Asked'} ${shortModel(calls[0].model)} ${plural(calls.length, 'question')}`;
  const end = open ? null : Math.max(...calls.map(node => /** @type {number} */ (node.end)));
  return { kind: 'lm', title, detail: failed ? `${failed} failed` : '', done: done.length, all: calls.length, start: calls[0].start, end, failed: false };
}

/** @param {Row} row @param {number} elapsed */
function drawRow({ kind, title, detail, done, all, start, end, failed }, elapsed) {
  const glyph = element('span', { class: `k ${kind}`, title: kind }, iconElement(kind));
  const text = element('span', { class: 'trunc', title }, title, ' ', element('span', { class: failed ? 'field-error' : 'muted' }, failed ? 'failed' : detail));
  if (done === null || !all) {
    return element('li', {}, glyph, text, element('span'), element('span', { class: 'num muted' }, duration(Math.max(0, (end ?? elapsed) - start))));
  }
  const bar = element('i');
  bar.style.width = `${100 * done / all}%`;
  const meter = element('span', { class: 'meter', role: 'progressbar', 'aria-label': title, 'aria-valuenow': done, 'aria-valuemax': all }, bar);
  return element('li', {}, glyph, text, meter, element('span', { class: 'num muted' }, `${whole(done)} / ${whole(all)}`));
}

/** @param {string} model `connection/model` or the model alone */
const shortModel = model => model.split('/').at(-1) ?? '';
