// @ts-check
// Follows a run over the WebSocket. After any break it goes on after the last event it has passed on: each event
// arrives once and in order. A connection that has died without a word (sleep, another network) is noticed by the clock
// that stood still, by the browser's own word, or because the server knows of events that did not come.
import { fetchData, place } from './place.js';

const FIRST_WAIT = 500;
const LONGEST_WAIT = 10_000;
/** Codes after which asking again is useless: malformed, not signed in, no such run. */
const FINAL_CODES = new Set([4400, 4401, 4404]);
const LOOK_EVERY = 5_000;
/** Without a frame for so long, the server is asked whether there is more. */
const SILENCE = 20_000;
/** A clock that jumps so far stood still: the machine slept. */
const SLEPT = 15_000;

/**
 * @typedef {'connecting' | 'open' | 'lost' | 'refused' | 'ended'} SocketStatus
 * @typedef {{
 *   after?: number, events: (events: any[]) => void, delta?: (node: number, text: string) => void,
 *   end?: () => void, status?: (word: SocketStatus) => void,
 * }} Follower
 */

/** @param {Follower} follower @returns {{ close: () => void }} */
export function follow(follower) {
  return new Following(follower);
}

class Following {
  /** @param {Follower} follower */
  constructor(follower) {
    this.follower = follower;
    this.last = follower.after ?? 0;
    this.wait = FIRST_WAIT;
    this.over = false;
    /** @type {WebSocket | null} */
    this.socket = null;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    this.heard = this.looked = Date.now();
    this.stop = new AbortController();
    const { signal } = this.stop;
    addEventListener('online', () => this.renew(), { signal });
    addEventListener('offline', () => this.drop(), { signal });
    addEventListener('pageshow', event => { if (event.persisted) this.renew(); }, { signal });
    document.addEventListener('visibilitychange', () => this.look(), { signal });
    this.watch = setInterval(() => this.look(), LOOK_EVERY);
    this.connect();
  }

  close() {
    this.over = true;
    clearTimeout(this.timer);
    clearInterval(this.watch);
    this.stop.abort();
    this.leave();
  }

  connect() {
    clearTimeout(this.timer);
    if (this.over || this.socket) return;
    this.tell('connecting');
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
    const socket = new WebSocket(`${scheme}://${location.host}${place.socket}${place.socket.includes('?') ? '&' : '?'}after=${this.last}`);
    this.socket = socket;
    this.heard = Date.now();
    socket.onopen = () => {
      this.wait = FIRST_WAIT;
      this.tell('open');
    };
    socket.onmessage = message => this.receive(JSON.parse(message.data));
    socket.onclose = event => this.lost(event.code);
  }

  /** @param {any} frame */
  receive(frame) {
    this.heard = Date.now();
    if (frame.type === 'events') {
      const fresh = frame.events.filter((/** @type {any} */ event) => event.seq > this.last);
      if (!fresh.length) return;
      this.last = fresh.at(-1).seq;
      this.follower.events(fresh);
    } else if (frame.type === 'delta') {
      this.follower.delta?.(frame.node, frame.text);
    } else if (frame.type === 'end') {
      this.tell('ended');
      this.close();
      this.follower.end?.();
    }
  }

  // ---------------------------------------------------------------------------------------------- breaks

  /** @param {number} code */
  lost(code) {
    this.socket = null;
    if (this.over) return;
    if (FINAL_CODES.has(code)) {
      this.tell('refused');
      this.close();
      return;
    }
    this.tell('lost');
    dispatchEvent(new Event('unreachable'));
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.connect(), this.wait * (0.75 + Math.random() / 2));
    this.wait = Math.min(LONGEST_WAIT, this.wait * 2);
  }

  /** Forgets a connection, whatever may still come of it. */
  leave() {
    const { socket } = this;
    this.socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  /** There is no network: the connection is dead, even where nobody says so. */
  drop() {
    this.leave();
    if (!this.over) this.tell('lost');
  }

  /** A new connection, at once. */
  renew() {
    this.leave();
    this.wait = FIRST_WAIT;
    this.connect();
  }

  /** Whether the connection still lives. */
  look() {
    const now = Date.now();
    const asleep = now - this.looked > SLEPT;
    this.looked = now;
    if (this.over || document.hidden || !navigator.onLine) return;
    if (asleep) this.renew();
    else if (this.socket?.readyState === WebSocket.OPEN && now - this.heard > SILENCE) this.ask(this.socket);
  }

  /** Nothing has come for a while: that is so while a model thinks, and when the connection has died. @param {WebSocket} socket */
  async ask(socket) {
    this.heard = Date.now();
    const missed = await fetchData(`events?after=${this.last}&limit=1`).then(page => page.last_seq > this.last, () => true);
    if (missed && socket === this.socket && !this.over) this.renew();
  }

  /** @param {SocketStatus} word */
  tell(word) {
    this.follower.status?.(word);
  }
}
