// @ts-check
// Sends a file in chunks. After any break it asks the server how far it got and goes on from there, also when the page
// was closed in between and the same file is chosen again. Knows nothing of the page.

import { ApiError, api, csrfToken } from './ui.js';

const WAITS = [500, 1_000, 2_000, 4_000, 8_000, 15_000, 30_000];
const SPEED_WINDOW = 4_000;

/** @typedef {'queued' | 'sending' | 'waiting' | 'paused' | 'failed' | 'done' | 'removed'} UploadStatus */

/** Files under way at once; the others wait for their turn. */
const AT_ONCE = 2;
let under_way = 0;
/** @type {(() => void)[]} */
const line = [];

async function turn() {
  if (under_way >= AT_ONCE) await new Promise(resolve => line.push(() => resolve(null)));
  under_way += 1;
}

function next() {
  under_way -= 1;
  line.shift()?.();
}

export class Upload {
  /** @param {File} file @param {string} name with the folders it lies in @param {(upload: Upload) => void} changed */
  constructor(file, name, changed) {
    this.file = file;
    this.name = name;
    this.changed = changed;
    /** @type {UploadStatus} */
    this.status = 'queued';
    this.sent = 0;
    this.error = '';
    /** @type {any} the document, once it is complete */
    this.document = null;
    this.id = localStorage.getItem(this.key) ?? '';
    this.chunk = 0;
    /** @type {[number, number][]} times and bytes of late, for the speed */
    this.marks = [];
    /** @type {XMLHttpRequest | null} */
    this.request = null;
    /** @type {(() => void) | null} */
    this.wake = null;
  }

  /** Names this very file on this machine, so that it can go on after the page was closed. */
  get key() {
    return `upload:${this.name}:${this.file.size}:${this.file.lastModified}`;
  }

  /** Bytes a second, of the last seconds. */
  get speed() {
    const [first, last] = [this.marks[0], this.marks.at(-1)];
    return first && last && last[0] > first[0] ? 1000 * (last[1] - first[1]) / (last[0] - first[0]) : 0;
  }

  get secondsLeft() {
    return this.speed ? (this.file.size - this.sent) / this.speed : null;
  }

  /** @param {UploadStatus} status */
  become(status) {
    this.status = status;
    this.changed(this);
  }

  async start() {
    this.become('queued');
    await turn();
    try {
      if (this.status === 'queued') await this.send();
    } finally {
      next();
    }
  }

  pause() {
    this.become('paused');
    this.interrupt();
  }

  remove() {
    this.become('removed');
    this.interrupt();
    if (this.id) api('DELETE', `/uploads/${this.id}`).catch(() => null); // what is left there is cleared away in time
    localStorage.removeItem(this.key);
  }

  interrupt() {
    this.request?.abort();
    this.wake?.();
  }

  async send() {
    this.become('sending');
    let tries = 0;
    while (this.status === 'sending' || this.status === 'waiting') {
      try {
        await this.open();
        while (this.status === 'sending' && !this.document && this.sent < this.file.size) {
          await this.sendChunk();
          tries = 0;
        }
        if (this.status !== 'sending') return;
        this.document ??= await api('POST', `/uploads/${this.id}/complete`);
        localStorage.removeItem(this.key);
        this.become('done');
      } catch (error) {
        if (!this.isOver() && !(await this.again(error, tries++))) return;
      }
    }
  }

  isOver() {
    return this.status === 'paused' || this.status === 'removed';
  }

  /** Waits before another try; false when trying again is useless. @param {any} error @param {number} tries */
  async again(error, tries) {
    const status = error instanceof ApiError ? error.status : 0;
    const useless = status >= 400 && status < 500 && ![404, 408, 409, 429].includes(status);
    if (useless || (status === 404 && tries > 1)) {
      this.error = error.message;
      this.become('failed');
      return false;
    }
    if (status === 404) this.forget();
    this.error = error.message;
    this.become('waiting');
    await this.rest(status === 409 ? 0 : WAITS[Math.min(tries, WAITS.length - 1)]);
    if (this.status === 'waiting') this.become('sending');
    return true;
  }

  /** @param {number} milliseconds */
  rest(milliseconds) {
    return new Promise(resolve => {
      const timer = setTimeout(done, milliseconds);
      const wake = this.wake = done;
      addEventListener('online', wake);
      function done() {
        clearTimeout(timer);
        removeEventListener('online', wake);
        resolve(null);
      }
    });
  }

  forget() {
    this.id = '';
    this.sent = 0;
    localStorage.removeItem(this.key);
  }

  /** Begins, or finds out how far it got. */
  async open() {
    if (this.id) {
      const stands = await api('GET', `/uploads/${this.id}`);
      this.sent = stands.offset;
      this.chunk ||= stands.chunk_size ?? 4 << 20;
    } else {
      const made = await api('POST', '/uploads', { name: this.name, size: this.file.size });
      if (made.document) {
        this.document = made.document;
        return;
      }
      this.id = made.id;
      this.sent = made.offset;
      this.chunk = made.chunk_size;
      localStorage.setItem(this.key, this.id);
    }
    this.marks = [[Date.now(), this.sent]];
    this.changed(this);
  }

  /** One chunk by XMLHttpRequest, which tells how far it is (fetch does not). @returns {Promise<void>} */
  sendChunk() {
    const from = this.sent;
    const piece = this.file.slice(from, from + this.chunk);
    return new Promise((resolve, reject) => {
      const request = this.request = new XMLHttpRequest();
      request.open('PUT', `/api/v1/uploads/${this.id}?offset=${from}`);
      request.setRequestHeader('Content-Type', 'application/octet-stream');
      request.setRequestHeader('X-CSRFToken', csrfToken());
      request.responseType = 'json';
      request.upload.onprogress = event => this.progress(from + event.loaded);
      request.onload = () => {
        if (request.status !== 200) {
          reject(new ApiError(request.status, request.response?.error?.message ?? 'The server refused a piece of the file.', request.response));
          return;
        }
        this.progress(request.response.offset);
        resolve();
      };
      const lost = () => reject(new ApiError(0, 'The connection broke. It goes on as soon as the server answers.', null));
      request.onerror = lost;
      request.onabort = lost;
      request.ontimeout = lost;
      request.send(piece);
    });
  }

  /** @param {number} bytes */
  progress(bytes) {
    this.sent = bytes;
    const now = Date.now();
    this.marks.push([now, bytes]);
    while (this.marks.length > 2 && now - this.marks[0][0] > SPEED_WINDOW) this.marks.shift();
    this.changed(this);
  }
}

// ---------------------------------------------------------------------------------------------- what was dropped

/** @typedef {{ file: File, name: string }} Dropped */

/** Files of a drop, folders opened. @param {DataTransfer} transfer @returns {Promise<Dropped[]>} */
export async function droppedFiles(transfer) {
  // The list of items is emptied when this function first waits: entries are taken out at once.
  const entries = [...transfer.items].filter(item => item.kind === 'file').map(item => item.webkitGetAsEntry() ?? item.getAsFile());
  const found = await Promise.all(entries.map(entry => (entry instanceof File ? [{ file: entry, name: entry.name }] : walk(entry))));
  return found.flat();
}

/** @param {any} entry @returns {Promise<Dropped[]>} */
async function walk(entry) {
  if (!entry || entry.name.startsWith('.')) return [];
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    return [{ file, name: entry.fullPath.replace(/^\//, '') }];
  }
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return found;
    for (const child of some) found.push(...await walk(child));
  }
}

/** Files of an `<input type=file>`; hidden ones of a folder are left out. @param {FileList} files @returns {Dropped[]} */
export const chosenFiles = files => [...files]
  .map(file => ({ file, name: file.webkitRelativePath || file.name }))
  .filter(({ name }) => !name.split('/').some(part => part.startsWith('.')));
