// @ts-check
// From where the run of this page is looked at (`place.py` says the same on the server): every address of a run and of
// its documents is made here, so the same modules serve its owner, whoever holds a share, and a file without a server.
import { $, request } from './ui.js';

const { run = '', pages = '', data = '', socket = '', documents = '', own, file } = $('#main')?.dataset ?? {};

/** The run's id, whether what is seen can be changed here, and whether this page is a file with all its data in it. */
export const place = { run, pages, data, socket, documents, isOwn: own !== undefined, isFile: file !== undefined };

/**
 * @typedef {{ data: (path: string) => Promise<any>,
 *   text: (document: string, start: number, end: number) => Promise<{ start: number, end: number, text: string }> }} Held
 */

/** @type {Held | null} what a file holds; null: the server is asked */
let held = null;

/** @param {Held} source answers in the server's stead */
export function readFrom(source) {
  held = source;
}

/** What lies below the run's data: `tree`, `nodes/7`, `strips`. @param {string} path @returns {Promise<any>} throws `ApiError` */
export const fetchData = path => (held ? held.data(path) : request('GET', `${place.data}/${path}`));

/** Address of the trace at a node or a batch. @param {string | number} id `12` or `b12` */
export const traceAt = id => `${place.pages}/trace?${String(id).startsWith('b') ? 'batch' : 'node'}=${String(id).replace('b', '')}`;

/** Where to read a document at a span; '' where documents cannot be opened. @param {string} document @param {number} start @param {number} end */
export const documentAt = (document, start, end) => (place.documents ? `${place.documents}/${document}?at=${start}-${end}` : '');

/** A piece of a document's text. @param {string} document @param {number} start @param {number} end @returns {Promise<{ start: number, end: number, text: string }>} */
export const documentText = (document, start, end) => (held ? held.text(document, start, end) : request('GET', `/api/v1/documents/${document}/text?start=${start}&end=${end}`));
