// @ts-check
// The workbench while its run goes on: events come in, the newest node is followed until the user takes over.
import { pathTo } from './layout.js';
import { putHead } from './run_head.js';
import { follow } from './socket.js';
import { apply, isLive } from './state.js';
import { $ } from './ui.js';

/** @typedef {import('./workbench.js').Workbench} Workbench */
/** @typedef {import('./state.js').Node} Node */

const TICK = 250;
const STRIPS_EVERY = 4_000;
const MOST_NODES_FOR_STRIPS = 5_000;
/** Keys that do nothing alone. */
const HELD = new Set(['Shift', 'Control', 'Alt', 'Meta', 'CapsLock']);
const LINK_WORDS = /** @type {Record<string, string>} */ ({
  lost: 'The connection to the server is lost. What is shown may be old; it is being tried again.',
  refused: 'The server does not send this run any more. Reload the page; you may have to sign in again.',
});

export class Watch {
  /** @param {Workbench} bench @param {boolean} following whether the newest node is kept in view from the start */
  constructor(bench, following) {
    this.bench = bench;
    this.following = false;
    this.button = /** @type {HTMLElement} */ ($('#follow'));
    this.button.addEventListener('click', () => this.follow(!this.following));
    this.stripsAt = performance.now();
    this.stripsOf = bench.state.version;
    this.follow(following);
    this.listen();
    follow({
      after: bench.state.seq,
      events: events => this.take(events),
      delta: (node, text) => bench.detail.delta(node, text),
      status: word => this.tellLink(word),
      end: () => this.ended(),
    });
    this.timer = setInterval(() => this.tick(), TICK);
  }

  /** The first scroll, key or click anywhere ends following; the button itself says otherwise. */
  listen() {
    const touched = (/** @type {Event} */ event) => {
      const target = /** @type {Element | null} */ (event.target instanceof Element ? event.target : null);
      if (target?.closest('#follow') || HELD.has(/** @type {KeyboardEvent} */ (event).key)) return;
      this.bench.touched();
    };
    for (const type of ['wheel', 'pointerdown', 'touchmove', 'keydown']) addEventListener(type, touched, { capture: true, passive: true });
  }

  /** @param {import('./state.js').Event[]} events */
  take(events) {
    for (const event of events) apply(this.bench.state, event);
    this.bench.schedule();
  }

  /** Time goes on while nothing happens. */
  tick() {
    if (!isLive(this.bench.state)) clearInterval(this.timer);
    else if (!document.hidden) this.bench.schedule();
    this.keepStrips();
  }

  /** The coverage strip follows too, at its own pace: the server works it out anew. */
  keepStrips() {
    const { state } = this.bench;
    if (document.hidden || state.version === this.stripsOf || state.nodes.size > MOST_NODES_FOR_STRIPS) return;
    if (performance.now() - this.stripsAt < STRIPS_EVERY) return;
    this.stripsAt = performance.now();
    this.stripsOf = state.version;
    this.bench.loadStrips();
  }

  /** @param {boolean} on */
  follow(on) {
    this.following = on;
    this.button.setAttribute('aria-pressed', String(on));
    if (on) this.showNewest();
  }

  /** Selects the newest node at work; when it is inside a closed row, that row. */
  showNewest() {
    const { state, tree } = this.bench;
    const nodes = [...state.nodes.values()];
    const newest = nodes.findLast(node => node.end === null && node.kind !== 'rlm' && node.kind !== 'step') ?? nodes.at(-1);
    if (!newest) return;
    const closed = pathTo(state, newest.number).find(id => tree.row(id)?.open === false);
    const id = closed ?? String(newest.number);
    if (id !== this.bench.selected) this.bench.select(id, 'follow');
  }

  /** @param {string} word */
  tellLink(word) {
    if (word === 'lost') this.bench.detail.missWords();
    const note = $('#link-state');
    note.hidden = !(word in LINK_WORDS);
    note.lastElementChild.textContent = LINK_WORDS[word] ?? '';
  }

  ended() {
    this.follow(false);
    this.button.hidden = true;
    this.bench.update();
    this.bench.loadStrips();
    refreshHead();
  }
}

/** Puts in the head of the page as the server writes it for a run that has ended. */
export async function refreshHead() {
  const answer = await fetch(location.href);
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  const head = page.querySelector('#run-head');
  if (head) putHead(head);
}
