// @ts-check
// Mouse and touch on the time line: the wheel zooms, shift and wheel or dragging pans, a click selects.
import { tip } from './ui.js';

/** @typedef {import('./timeline.js').Timeline} Timeline */

export class Pointer {
  /** @param {Timeline} timeline */
  constructor(timeline) {
    this.timeline = timeline;
    /** @type {{ x: number, y: number, top: number, view: [number, number], moved: boolean } | null} */
    this.drag = null;
    const { canvas } = timeline;
    canvas.addEventListener('wheel', event => this.wheel(event), { passive: false });
    canvas.addEventListener('pointerdown', event => this.down(event));
    canvas.addEventListener('pointermove', event => this.move(event));
    canvas.addEventListener('pointerup', event => this.up(event));
    canvas.addEventListener('pointercancel', () => { this.drag = null; });
    canvas.addEventListener('pointerleave', () => tip(null));
  }

  /** @param {WheelEvent} event */
  wheel(event) {
    event.preventDefault();
    this.timeline.host.touched();
    if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) this.timeline.pan((event.deltaX || event.deltaY) / 600);
    else this.timeline.zoom(Math.exp(event.deltaY * 0.0015), event.offsetX);
  }

  /** @param {PointerEvent} event */
  down(event) {
    const { canvas, scroller, view } = this.timeline;
    this.drag = { x: event.clientX, y: event.clientY, top: scroller.scrollTop, view: [...view], moved: false };
    canvas.setPointerCapture(event.pointerId);
    this.timeline.host.touched();
  }

  /** @param {PointerEvent} event */
  move(event) {
    const { timeline, drag } = this;
    if (!drag) {
      const node = timeline.nodeAt(event.offsetX, event.offsetY);
      timeline.canvas.style.cursor = node ? 'pointer' : 'grab';
      tip(node && timeline.describe(node), event.clientX, event.clientY);
      return;
    }
    if (Math.abs(event.clientX - drag.x) + Math.abs(event.clientY - drag.y) > 3) drag.moved = true;
    if (!drag.moved) return;
    tip(null);
    const by = (event.clientX - drag.x) / (timeline.width - timeline.gutter) * (drag.view[1] - drag.view[0]);
    timeline.scroller.scrollTop = drag.top - (event.clientY - drag.y);
    timeline.look(drag.view[0] - by, drag.view[1] - by);
  }

  /** @param {PointerEvent} event */
  up(event) {
    const node = this.drag && !this.drag.moved ? this.timeline.nodeAt(event.offsetX, event.offsetY) : null;
    this.drag = null;
    if (node) this.timeline.host.select(String(node.number), 'time');
  }
}
