// @ts-check
// Follows a run over the WebSocket. After any break it goes on after the last event it has passed on: each event
// arrives once and in order.
import { place } from './place.js';

const FIRST_WAIT = 500;
const LONGEST_WAIT = 10_000;
/** Codes after which asking again is useless: malformed, not signed in, no such run. */
const FINAL_CODES = new Set([4400, 4401, 4404]);

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
    this.soon = () => this.connect();
    addEventListener('online', this.soon);
    this.connect();
  }

  close() {
    this.over = true;
    clearTimeout(this.timer);
    removeEventListener('online', this.soon);
    this.socket?.close();
  }

  connect() {
    clearTimeout(this.timer);
    if (this.over || this.socket) return;
    this.tell('connecting');
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
    const socket = new WebSocket(`${scheme}://${location.host}${place.socket}${place.socket.includes('?') ? '&' : '?'}after=${this.last}`);
    this.socket = socket;
    socket.onopen = () => {
      this.wait = FIRST_WAIT;
      this.tell('open');
    };
    socket.onmessage = message => this.receive(JSON.parse(message.data));
    socket.onclose = event => this.lost(event.code);
  }

  /** @param {any} frame */
  receive(frame) {
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
    this.timer = setTimeout(() => this.connect(), this.wait * (0.75 + Math.random() / 2));
    this.wait = Math.min(LONGEST_WAIT, this.wait * 2);
  }

  /** @param {SocketStatus} word */
  tell(word) {
    this.follower.status?.(word);
  }
}
