// @ts-check
// Notes on one target (a node of the trace, or the run on its answer page): thumbs, comments, and comments on selected
// text, marked where they point to.
import { add, change, ofNode, ofText, onAnnotations, remove, thumbOf, toggleThumb } from './annotations.js';
import { chars, unitAt } from './lines.js';
import { clearMarks, drawMarks, piecesOf, selected } from './spans.js';
import { $, $$, ApiError, element, esc, iconElement, tip, toast } from './ui.js';

/** @typedef {import('./annotations.js').Annotation} Annotation */
/** @typedef {import('./annotations.js').Target} Target */
/** @typedef {{ name: string, text: string, holder: HTMLElement, pieces: () => import('./spans.js').Piece[] }} ShownText */

const LONGEST = 4_000;
const QUOTED = 120;
const TEXT_NAMES = /** @type {Record<string, string>} */ ({ shown: 'output', stdout: 'output in full', response: 'reply' });

/** Comments begun and not saved, by target: looking elsewhere loses nothing. @type {Map<string, string>} */
const drafts = new Map();

export class Notes {
  /** @param {{ labelled?: boolean }} [look] labelled: the buttons say what they are */
  constructor({ labelled = false } = {}) {
    /** @type {number | null | undefined} number of a node, null for the run, undefined for nothing that can be noted on */
    this.node = undefined;
    /** @type {ShownText[]} */
    this.texts = [];
    /** @type {Target | null} what the form is for */
    this.asked = null;
    this.edited = '';
    const thumb = (/** @type {'up' | 'down'} */ which, /** @type {string} */ word) => element('button', {
      class: `btn ghost sm${labelled ? '' : ' icon'}`, type: 'button', 'data-thumb': which, 'aria-pressed': 'false', 'aria-label': word, title: `Mark as ${word.toLowerCase()}`,
      onclick: () => this.attempt(() => toggleThumb(/** @type {number | null} */ (this.node), which)),
    }, iconElement(`thumb-${which}`), labelled ? word : null);
    this.button = element('button', {
      class: `btn ghost sm${labelled ? '' : ' icon'}`, type: 'button', 'aria-label': 'Comment', title: 'Comment (C)', onclick: () => this.comment(),
    }, iconElement('note'), labelled ? 'Comment' : null);
    this.tools = element('div', { class: 'note-tools', role: 'group', 'aria-label': 'Notes' }, thumb('up', 'Right'), thumb('down', 'Wrong'), this.button);
    this.list = element('ul', { class: 'notes', 'aria-label': 'Comments' });
    this.form = this.made();
    this.box = element('div', { class: 'notes-box' }, this.list, this.form);
    this.floating = element('button', {
      class: 'btn sm note-float', type: 'button', hidden: true,
      onpointerdown: (/** @type {Event} */ event) => event.preventDefault(), onclick: () => this.comment(),
    }, iconElement('note'), 'Comment');
    document.body.append(this.floating);
    document.addEventListener('selectionchange', () => this.float());
    addEventListener('scroll', () => this.float(), { capture: true, passive: true });
    onAnnotations(() => this.draw());
  }

  /** Turns to another target. @param {number | null | undefined} node */
  turn(node) {
    if (node === this.node) return;
    this.close(false);
    this.node = node;
    this.texts = [];
    this.draw();
  }

  /** Says which texts are on the page now. @param {ShownText[]} texts */
  show(texts) {
    const names = (/** @type {ShownText[]} */ shown) => shown.map(({ name }) => name).join();
    const others = names(texts) !== names(this.texts);
    this.texts = texts;
    if (others) this.drawList();
    this.drawSpans();
    this.float();
  }

  // ---------------------------------------------------------------------------------------------- drawing

  draw() {
    const { node } = this;
    this.tools.hidden = node === undefined;
    this.box.hidden = node === undefined;
    if (node === undefined) return;
    const thumb = thumbOf(node);
    for (const button of $$('[data-thumb]', this.tools)) button.setAttribute('aria-pressed', String(button.dataset.thumb === thumb));
    this.drawList();
    this.drawSpans();
  }

  drawList() {
    const focused = /** @type {HTMLElement | null} */ (this.list.contains(document.activeElement) ? document.activeElement : null);
    const [note, act] = [focused?.closest('li')?.dataset.note, focused?.dataset.do];
    const commented = this.node === undefined ? [] : ofNode(this.node).filter(each => each.comment);
    this.list.replaceChildren(...commented.map(each => this.item(each)));
    this.list.hidden = !commented.length;
    if (note) $(`[data-note="${note}"]${act ? ` [data-do=${act}]` : ''}`, this.list)?.focus();
  }

  drawSpans() {
    for (const { name, text, holder, pieces } of this.texts) {
      clearMarks(holder);
      const spans = ofText(/** @type {number | null} */ (this.node), name).map(({ id, start, end }) => ({
        id, start: unitAt(text, Number(start)), end: unitAt(text, Number(end)),
      }));
      if (spans.length) drawMarks(pieces(), spans, (id, mark) => this.sign(id, mark));
    }
  }

  /** The small sign at the end of a mark, which can be reached by keys. @param {string} id @param {HTMLElement} mark */
  sign(id, mark) {
    const said = () => ofNode(/** @type {number | null} */ (this.node)).find(each => each.id === id)?.comment ?? '';
    const tell = () => {
      const { right, top } = mark.getBoundingClientRect();
      tip(esc(said()), right, top);
    };
    mark.after(element('button', {
      class: 'note-sign', type: 'button', 'aria-label': `Comment: ${said()}`, onfocus: tell, onblur: () => tip(null),
      onclick: () => this.point(id),
    }, iconElement('note')));
    for (const each of $$('mark.noted')) {
      each.onmousemove = (/** @type {MouseEvent} */ event) => tip(esc(this.saidOf(each)), event.clientX, event.clientY);
      each.onmouseleave = () => { if (!document.activeElement?.matches('.note-sign')) tip(null); };
    }
  }

  /** @param {HTMLElement} mark */
  saidOf(mark) {
    const ids = new Set(mark.dataset.notes?.split(' '));
    return ofNode(/** @type {number | null} */ (this.node)).filter(each => ids.has(each.id)).map(each => each.comment).join('\n');
  }

  /** @param {Annotation} each */
  item(each) {
    const button = (/** @type {string} */ sign, /** @type {string} */ word, /** @type {() => void} */ act) => element('button', {
      class: 'btn ghost icon sm', type: 'button', 'aria-label': word, title: word, 'data-do': sign, onclick: act,
    }, iconElement(sign));
    return element('li', { 'data-note': each.id, tabindex: -1 },
      element('div', { class: 'grow' }, each.text ? this.quote(each) : null, element('p', { class: 'pre' }, each.comment)),
      button('edit', 'Edit this comment', () => this.edit(each)),
      button('trash', 'Delete this comment', () => this.drop(each)));
  }

  /** What a comment points to; a click shows it. @param {Annotation} each */
  quote(each) {
    const shown = this.texts.find(({ name }) => name === each.text);
    const name = TEXT_NAMES[each.text ?? ''] ?? each.text;
    if (!shown) return element('span', { class: 'muted small' }, `on its ${name}`);
    const quoted = shown.text.slice(unitAt(shown.text, Number(each.start)), unitAt(shown.text, Number(each.end)));
    return element('button', {
      class: 'note-quote trunc', type: 'button', onclick: () => $(`mark[data-notes~="${each.id}"]`)?.scrollIntoView({ block: 'center' }),
    }, quoted.slice(0, QUOTED));
  }

  /** Leads from a mark to its comment. @param {string} id */
  point(id) {
    const item = $(`[data-note="${id}"]`, this.list);
    item?.scrollIntoView({ block: 'nearest' });
    item?.focus({ preventScroll: true });
  }

  // ---------------------------------------------------------------------------------------------- selected text

  /** What of the shown texts is selected. @returns {{ shown: ShownText, start: number, end: number } | null} */
  selection() {
    if (getSelection()?.isCollapsed ?? true) return null;
    for (const shown of this.texts) {
      if (!getSelection()?.containsNode(shown.holder, true)) continue;
      const stretch = selected(shown.pieces());
      if (stretch) return { shown, start: stretch[0], end: stretch[1] };
    }
    return null;
  }

  /** Puts the button beside the selected text. */
  float() {
    const found = this.node === undefined ? null : this.selection();
    this.floating.hidden = !found;
    if (!found) return;
    const boxes = getSelection()?.getRangeAt(0).getClientRects() ?? [];
    const box = boxes[boxes.length - 1];
    if (!box) return;
    this.floating.style.left = `${Math.max(8, Math.min(box.right + 4, innerWidth - this.floating.offsetWidth - 8))}px`;
    this.floating.style.top = `${Math.max(8, Math.min(box.bottom + 4, innerHeight - this.floating.offsetHeight - 8))}px`;
  }

  // ---------------------------------------------------------------------------------------------- the form

  made() {
    this.area = element('textarea', { class: 'input area', rows: 3, maxlength: LONGEST, 'aria-label': 'Comment', placeholder: 'What is right or wrong here', required: true });
    this.about = element('p', { class: 'note-quote small trunc', hidden: true });
    this.wrong = element('p', { class: 'form-error', role: 'alert', hidden: true });
    const form = element('form', { class: 'note-form', hidden: true, onsubmit: (/** @type {Event} */ event) => { event.preventDefault(); this.save(); } },
      this.about, this.area, this.wrong,
      element('div', { class: 'row' },
        element('button', { class: 'btn primary sm', title: 'Save (Ctrl ↵)' }, 'Save'),
        element('button', { class: 'btn ghost sm', type: 'button', onclick: () => this.close() }, 'Cancel')));
    this.area.addEventListener('input', () => drafts.set(this.key(), this.area.value));
    form.addEventListener('keydown', (/** @type {KeyboardEvent} */ event) => {
      if (event.key === 'Escape') this.close();
      else if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) form.requestSubmit();
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
    return form;
  }

  key() {
    return this.edited || JSON.stringify(this.asked);
  }

  /** Opens the form for the selected text, or for the target as a whole. */
  comment() {
    if (this.node === undefined) return;
    const found = this.selection();
    /** @type {Target} */
    const target = { node: this.node };
    if (found) {
      const { text, name } = found.shown;
      Object.assign(target, { text: name, start: chars(text.slice(0, found.start)), end: chars(text.slice(0, found.end)) });
    }
    this.open(target, '', found ? found.shown.text.slice(found.start, found.end) : '', '');
  }

  /** @param {Annotation} each */
  edit(each) {
    this.open({ node: each.node }, each.id, '', each.comment);
  }

  /** @param {Target} target @param {string} edited id @param {string} quoted @param {string} comment */
  open(target, edited, quoted, comment) {
    this.asked = target;
    this.edited = edited;
    this.about.textContent = quoted.slice(0, QUOTED);
    this.about.hidden = !quoted;
    this.area.value = drafts.get(this.key()) ?? comment;
    this.wrong.hidden = true;
    this.form.hidden = false;
    this.floating.hidden = true;
    this.area.focus();
  }

  /** @param {boolean} [back] whether the focus goes back to where the form was opened */
  close(back = true) {
    const { edited } = this;
    this.form.hidden = true;
    this.asked = null;
    this.edited = '';
    if (!back) return;
    const from = edited ? $(`[data-note="${edited}"] [data-do=edit]`, this.list) : this.button;
    (from ?? this.button).focus();
  }

  async save() {
    const comment = this.area.value.trim();
    const target = this.asked;
    if (!comment || !target) return;
    const key = this.key();
    try {
      if (this.edited) await change(this.edited, { comment });
      else await add({ ...target, comment });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.wrong.textContent = error.message;
      this.wrong.hidden = false;
      return;
    }
    drafts.delete(key);
    getSelection()?.removeAllRanges();
    this.close();
  }

  /** @param {Annotation} each */
  async drop(each) {
    const next = $(`[data-note="${each.id}"] + li [data-do=trash]`, this.list)?.closest('li').dataset.note;
    const done = await this.attempt(() => remove(each.id));
    if (!done) return;
    ($(`[data-note="${next}"] [data-do=trash]`, this.list) ?? this.button).focus();
    const { node, text, start, end, thumb, comment } = each;
    const again = { node, comment, ...(thumb ? { thumb } : {}), ...(text ? { text, start: Number(start), end: Number(end) } : {}) };
    toast('Comment deleted.', () => this.attempt(() => add(again)));
  }

  /** @param {() => Promise<any>} act @returns {Promise<boolean>} whether it was done; if not, the reason is said */
  async attempt(act) {
    try {
      await act();
      return true;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      toast(error.message);
      return false;
    }
  }
}

/** The texts of a node that its panel shows, by the names they bear there. @param {HTMLElement} body @param {any} full the node with its texts @returns {ShownText[]} */
export const textsIn = (body, full) => $$('[data-text]', body).map(holder => {
  const name = holder.dataset.text;
  const text = textOf(full, name);
  return { name, text, holder, pieces: () => piecesOf(holder, text) };
});

/** `response`, `request.2`: a text of a node by its name. @param {any} full @param {string} name @returns {string} */
function textOf(full, name) {
  const [, place] = name.match(/^request\.(\d+)$/) ?? [];
  return (place === undefined ? full[name] : full.request[Number(place)]?.content) ?? '';
}
