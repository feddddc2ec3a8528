// @ts-check
// Bars of bands with so many lanes that each is a few pixels high: set pixel by pixel, which a hundred thousand bars need
// to move smoothly. What lies in a pixel that is set already is passed over, failures and lit bars aside.
import { AXIS, GUTTER } from './painting.js';

/** @typedef {import('./timeline.js').Timeline} Timeline */
/** @typedef {import('./bands.js').Band} Band */
/** @typedef {import('./bands.js').Lane} Lane */
/** @typedef {import('./state.js').Node} Node */
/** @typedef {{ lane: Lane, y: number, row: number }} Line  y: from the top of the picture, in pixels of the screen */

const TEETH = 6;
const DIM = 0.22;
/** Bars for each pixel from which on a lane is gone through by pixels instead of by bars. */
const CROWDED = 3;

export class Pixels {
  /** @param {Timeline} timeline */
  constructor(timeline) {
    this.timeline = timeline;
    this.canvas = document.createElement('canvas');
    /** @type {ImageData | null} */
    this.image = null;
    this.data = new Uint32Array();
    this.width = 0;
    this.height = 0;
    /** @type {Record<string, string> | null} the palette that `colors` was made from */
    this.palette = null;
    /** @type {Record<string, number>} as they stand in memory, without their last byte: how opaque they are */
    this.colors = {};
  }

  /** @param {CanvasRenderingContext2D} g @param {Band} band @param {{ y: number, row: number }} place */
  paint(g, band, place) {
    const { scroller, width, height } = this.timeline;
    const ratio = devicePixelRatio || 1;
    const above = place.y - scroller.scrollTop;
    const first = Math.max(0, Math.floor((AXIS - above) / place.row) - 1);
    const last = Math.min(band.lanes.length - 1, Math.ceil((height - above) / place.row));
    if (first > last || width <= GUTTER) return;
    const top = Math.round(above + first * place.row);
    this.size(Math.ceil((width - GUTTER) * ratio), Math.ceil(((last - first + 2) * place.row + 2) * ratio));
    this.readColors(g);
    for (let index = first; index <= last; index += 1) {
      const y = Math.round((Math.round(above + index * place.row) - top) * ratio);
      this.paintLane({ lane: band.lanes[index], y, row: place.row }, ratio);
    }
    const context = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext('2d'));
    context.putImageData(/** @type {ImageData} */ (this.image), 0, 0);
    g.imageSmoothingEnabled = false;
    g.drawImage(this.canvas, GUTTER, top, this.width / ratio, this.height / ratio);
  }

  /** @param {number} width @param {number} height */
  size(width, height) {
    if (this.image && width === this.width && height === this.height) {
      this.data.fill(0);
      return;
    }
    this.width = this.canvas.width = width;
    this.height = this.canvas.height = height;
    this.image = new ImageData(width, height);
    this.data = new Uint32Array(this.image.data.buffer);
  }

  /** The tokens' colours as numbers. @param {CanvasRenderingContext2D} g */
  readColors(g) {
    const { colors } = this.timeline;
    if (this.palette === colors) return;
    this.palette = colors;
    const probe = Object.assign(document.createElement('canvas'), { width: 1, height: 1 });
    const brush = /** @type {CanvasRenderingContext2D} */ (probe.getContext('2d', { willReadFrequently: true }));
    for (const [name, color] of Object.entries(colors)) {
      brush.fillStyle = color;
      brush.fillRect(0, 0, 1, 1);
      const [red, green, blue] = brush.getImageData(0, 0, 1, 1).data;
      this.colors[name] = red | green << 8 | blue << 16;
    }
  }

  // ---------------------------------------------------------------------------------------------- a lane

  /** @param {Line} line @param {number} ratio */
  paintLane(line, ratio) {
    const { view, width, span, lit } = this.timeline;
    const { scale } = /** @type {import('./timeline.js').Plan} */ (this.timeline.plan);
    const { lane } = line;
    const perSecond = (width - GUTTER - 12) / span * ratio;
    const at = (/** @type {number} */ time) => (scale.drawn(time) - view[0]) * perSecond;
    const [from, until] = [lane.firstEnding(scale.time(view[0])), scale.time(view[1] + 12 / perSecond * ratio)];
    const crowded = !lit && lane.size - from > CROWDED * this.width;
    let done = -1;
    for (let index = from; index < lane.size && lane.from[index] <= until; index += 1) {
      const left = at(lane.from[index]);
      const [start, end] = ends(left, at(lane.to[index]));
      const node = lane.nodes[index];
      if (end <= done && node.status !== 'failed' && !lit?.has(node.number)) {
        if (crowded) index = Math.max(index, lane.firstEnding(scale.time(view[0] + done / perSecond)) - 1);
        continue;
      }
      this.paintBar(line, node, start, end, lane.rows[index], ratio);
      done = Math.max(done, end);
    }
    if (crowded) this.paintFailures(line, at, ratio);
  }

  /** Those that were passed over. @param {Line} line @param {(time: number) => number} at @param {number} ratio */
  paintFailures(line, at, ratio) {
    const { lane } = line;
    for (const index of lane.failed()) {
      const [start, end] = ends(at(lane.from[index]), at(lane.to[index]));
      if (end > 0 && start < this.width) this.paintBar(line, lane.nodes[index], start, end, 1, ratio);
    }
  }

  // ---------------------------------------------------------------------------------------------- a bar

  /** @param {Line} line @param {Node} node @param {number} start @param {number} end @param {number} rows @param {number} ratio */
  paintBar(line, node, start, end, rows, ratio) {
    const high = Math.max(1, Math.round(Math.max(2, Math.round(line.row * rows) - (line.row > 4 ? 2 : 1)) * ratio));
    const left = Math.max(0, start);
    const failed = node.status === 'failed';
    const right = Math.min(this.width, failed ? Math.max(end, start + 3 * ratio) : end);
    if (right <= left) return;
    const framed = node.kind === 'rlm' || node.kind === 'step';
    const last = Math.min(this.height, line.y + high);
    if (failed && !framed) return this.hatch(left, right, line.y, last, this.opaque(node));
    this.fill(this.colorOf(node, framed), left, right, line.y, last);
    if (framed) this.frame(node, left, right, line.y, last, start);
    return undefined;
  }

  /** Most bars are a few pixels long: a loop is quicker than `fill` then. @param {number} color @param {number} left @param {number} right @param {number} top @param {number} last */
  fill(color, left, right, top, last) {
    const { data, width } = this;
    for (let row = top * width; row < last * width; row += width) {
      for (let at = row + left; at < row + right; at += 1) data[at] = color;
    }
  }

  /** @param {number} left @param {number} right @param {number} top @param {number} last @param {number} opaque */
  hatch(left, right, top, last, opaque) {
    const [line, ground] = [this.colors.err | opaque, this.colors['err-soft'] | opaque];
    for (let y = top; y < last; y += 1) {
      for (let x = left; x < right; x += 1) this.data[y * this.width + x] = (x + y) % TEETH < 2 ? line : ground;
    }
  }

  /** The edges of a sub-RLM. @param {Node} node @param {number} left @param {number} right @param {number} top @param {number} last @param {number} start */
  frame(node, left, right, top, last, start) {
    const edge = this.colors[node.status === 'failed' ? 'err' : node.kind] | this.opaque(node);
    for (const y of [top, last - 1]) this.fill(edge, left, right, y, y + 1);
    if (start >= 0) this.fill(edge, left, Math.min(right, left + 3), top, last);
    this.fill(edge, right - 1, right, top, last);
  }

  /** @param {Node} node @param {boolean} framed */
  colorOf(node, framed) {
    if (framed) return this.colors[`${node.kind}-soft`] | this.opaque(node);
    if (this.timeline.tint === 'cost') return this.colors.accent | this.opaque(node, this.timeline.costShade(node));
    return this.colors[node.kind] | this.opaque(node, node.status === 'cancelled' ? 0.5 : 1);
  }

  /** The last byte of a colour. @param {Node} node @param {number} [part] */
  opaque(node, part = 1) {
    return Math.round((this.timeline.isDim(node) ? DIM * part : part) * 255) << 24;
  }
}

/** First pixel of a bar and the one after its last, with a gap to the next where there is room. @param {number} from @param {number} to @returns {[number, number]} */
function ends(from, to) {
  const start = Math.round(from);
  const end = Math.round(to);
  return [start, Math.max(start + 1, end - start > 4 ? end - 1 : end)];
}
