// Maps over two parameters, as pure functions: their values, their best point, their SVG.

const SHOWN = ["ergotropic_power", "ergotropy", "power", "energy"];
const MAP_SIZE = [61, 41];
const MAP_MARGIN = { left: 56, right: 92, top: 26, bottom: 42 };
// Cividis, which readers of any colour vision tell apart, as in quantumbattery.plot.map.
const CIVIDIS = [
  [0, 34, 78], [18, 53, 112], [59, 73, 108], [87, 93, 109], [112, 113, 115], [138, 134, 120],
  [165, 156, 116], [195, 179, 105], [254, 232, 56],
];

/** What a map may show, as [key, text]: largest values, their moments, values at a moment. */
function shownChoices() {
  const kinds = [["max", (n) => `most ${n}`], ["time", (n) => `best time for ${n}`],
    ["at", (n) => `${n} at the time t`]];
  return kinds.flatMap(([kind, say]) => SHOWN.map((n) => [`${n}_${kind}`, say(NAMES[n])]));
}

/** { x, y, shown } of the text in an address, or null; `axes` are those that there are. */
function mapOf(text, axes) {
  const [x, y, shown] = text.split(","), known = (key) => axes.some((axis) => axis.key === key);
  const ok = known(x) && known(y) && x !== y && shownChoices().some(([key]) => key === shown);
  return ok ? { x, y, shown } : null;
}

/** `count` values over a range, ends included. */
function evenly([low, high], count) {
  const step = (high - low) / (count - 1);
  return Array.from({ length: count }, (_, i) => (i < count - 1 ? low + i * step : high));
}

/** The highest point of a map, { x, y, value }, or null if it has none. */
function highest({ xs, ys, rows }) {
  let best = null;
  rows.forEach((row, j) => row.forEach((value, i) => {
    if (Number.isFinite(value) && value > (best ? best.value : 0)) {
      best = { x: xs[i], y: ys[j], value };
    }
  }));
  return best;
}

/** The value nearest to a point of the map. */
function valueAt({ xs, ys, rows }, x, y) {
  const near = (all, at) => all.reduce(
    (best, each, i) => (Math.abs(each - at) < Math.abs(all[best] - at) ? i : best), 0);
  const row = rows[near(ys, y)];
  return row ? row[near(xs, x)] : NaN;
}

/** A finer map that begins with the values of a coarse one. */
function finer(coarse, xs, ys) {
  const rows = coarse ? ys.map((y) => xs.map((x) => valueAt(coarse, x, y))) : [];
  return { xs, ys, rows };
}

/** The same map with rows that have come, from a place on. */
function withRows(map, from, rows) {
  const all = [...map.rows];
  rows.forEach((row, i) => { all[from + i] = row; });
  return { ...map, rows: all };
}

// --- the map of the pair -------------------------------------------------------------------------

/** The axes of the pair's map: its controls with the ranges of their sliders. */
function pairAxes() {
  return CONTROLS.filter(({ key }) => !["phi", "last", "disconnect"].includes(key)).map((each) => {
    const [low, high, step] = each.slider;
    return each.angle ? { ...each, range: [low, high].map(fromDegrees), step: fromDegrees(step) }
      : { ...each, range: [low, high], step };
  });
}

/** One row of the pair's map: y is fixed in `point`, and the values of x vary. */
function pairRow(point, x, xs, shown) {
  const cut = shown.lastIndexOf("_"), [name, kind] = [shown.slice(0, cut), shown.slice(cut + 1)];
  const points = xs.map((value) => ({ ...point, [x]: value }));
  if (kind === "at") {
    return points.map((each) => read(each, constantsOf(each), each.time)[name]);
  }
  const all = x === "theta" ? optimaOver(point, xs) : points.map(optimum);
  return all.map((best) => best[name][kind]);
}

// --- as SVG --------------------------------------------------------------------------------------

/** How far the outermost cells reach beyond their values: those of whole numbers are seen whole. */
function overhang(values) {
  return values.every(Number.isInteger) && values[1] - values[0] === 1 ? 0.5 : 0;
}

function mapScales({ xs, ys }, width, height) {
  const { left, right, top, bottom } = MAP_MARGIN, [across, up] = [overhang(xs), overhang(ys)];
  const [x0, x1, y0, y1] = [xs[0] - across, xs.at(-1) + across, ys[0] - up, ys.at(-1) + up];
  const [w, h] = [width - left - right, height - top - bottom];
  return {
    x: (value) => left + ((value - x0) / (x1 - x0)) * w,
    y: (value) => top + h - ((value - y0) / (y1 - y0)) * h,
    back: (x, y) => [x0 + ((x - left) / w) * (x1 - x0), y0 + ((top + h - y) / h) * (y1 - y0)],
    box: { left, top, right: left + w, bottom: top + h },
  };
}

/** A map with axes, colour bar, its highest point and the present one. `look` says the words. */
function drawnMap(map, look, width, height, theme) {
  const scales = mapScales(map, width, height), { box } = scales, out = [];
  const range = valueRange(map.rows);
  out.push(drawnCells(map, range, scales, theme));
  out.push(`<rect x="${box.left}" y="${box.top}" width="${f(box.right - box.left)}" ` +
    `height="${f(box.bottom - box.top)}" fill="none" stroke="${theme.quiet}"/>`);
  for (const { at, text } of ticksOf(look.x, width < 420 ? 4 : 7)) {
    const x = scales.x(at);
    out.push(line([x, box.bottom], [x, box.bottom + 4], theme.quiet, 1));
    out.push(label(x, box.bottom + 17, text, theme.quiet, "middle"));
  }
  for (const { at, text } of ticksOf(look.y, 5)) {
    const y = scales.y(at);
    out.push(line([box.left - 4, y], [box.left, y], theme.quiet, 1));
    out.push(label(box.left - 13, y + 4, text, theme.quiet, "end"));
  }
  out.push(label((box.left + box.right) / 2, box.bottom + 35, axisName(look.x), theme.ink,
    "middle"));
  out.push(label(4, 13, axisName(look.y), theme.ink));
  out.push(label(width - 4, 13, look.unit, theme.ink, "end"));
  if (range) out.push(drawnBar(range, scales, theme));
  out.push(drawnPoints(map, look, scales, theme));
  return out.join("");
}

function axisName({ label: text, unit }) {
  return unit ? `${text} (${unit})` : text;
}

function ticksOf({ range, angle }, most) {
  if (!angle) return ticks(range, most);
  const count = Math.round(range[1] / (Math.PI / 4));
  return Array.from({ length: count + 1 }, (_, i) => (i * Math.PI) / 4)
    .map((at) => ({ at, text: shownText(at, true) }));
}

/** [least, most] of the finite values, or null if there is none. */
function valueRange(rows) {
  const values = rows.flat().filter(Number.isFinite);
  if (!values.length) return null;
  const low = Math.min(...values), high = Math.max(...values);
  return high > low ? [low, high] : [Math.min(0, low), Math.max(high, low + 1e-9)];
}

const DRAWN = new WeakMap(); // pictures of rows: a point that moves over them draws none anew

/** The cells as one small picture, which is stretched; around each value its colour. */
function drawnCells(map, range, { box }, theme) {
  const [columns, lines] = [map.xs.length, map.ys.length];
  const [w, h] = [box.right - box.left, box.bottom - box.top];
  const cells = () => map.ys.map((_, j) => map.xs.map((_, i) => {
    const value = map.rows[j] ? map.rows[j][i] : NaN;
    return Number.isFinite(value) ? colourAt(value, range) : rgbOf(theme.hover);
  }));
  const known = DRAWN.get(map.rows), fresh = known && known.theme === theme;
  const picture = fresh ? known.picture : bitmap(cells());
  if (!fresh) DRAWN.set(map.rows, { theme, picture });
  const [across, up] = [overhang(map.xs), overhang(map.ys)], few = across || up;
  const view = [0.5 - across, 0.5 - up, columns - 1 + 2 * across, lines - 1 + 2 * up];
  return `<svg x="${box.left}" y="${box.top}" width="${f(w)}" height="${f(h)}" ` +
    `viewBox="${view.join(" ")}" preserveAspectRatio="none">` +
    `<image width="${columns}" height="${lines}" preserveAspectRatio="none" ` +
    `${few ? 'image-rendering="pixelated"' : ""} href="${picture}"/></svg>`;
}

function rgbOf(hex) {
  return [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
}

function colourAt(value, [low, high]) {
  const place = ((value - low) / (high - low)) * (CIVIDIS.length - 1);
  const i = Math.min(CIVIDIS.length - 2, Math.floor(place)), part = place - i;
  return CIVIDIS[i].map((from, k) => Math.round(from + part * (CIVIDIS[i + 1][k] - from)));
}

/** Rows of colours, the lowest first, as the address of a bitmap (which begins below, too). */
function bitmap(rows) {
  const [width, height] = [rows[0].length, rows.length], line = 4 * Math.ceil((3 * width) / 4);
  const bytes = new Uint8Array(54 + line * height), view = new DataView(bytes.buffer);
  bytes.set([66, 77]);
  const words = [[2, bytes.length], [10, 54], [14, 40], [18, width], [22, height],
    [34, line * height]];
  for (const [at, word] of words) view.setUint32(at, word, true);
  view.setUint16(26, 1, true);
  view.setUint16(28, 24, true);
  rows.forEach((row, j) => row.forEach(([r, g, b], i) => {
    bytes.set([b, g, r], 54 + j * line + 3 * i);
  }));
  return `data:image/bmp;base64,${btoa(Array.from(bytes, (b) => String.fromCharCode(b)).join(""))}`;
}

function drawnBar(range, { box }, theme) {
  const out = [], x = box.right + 14, steps = 40, tall = (box.bottom - box.top) / steps;
  for (let i = 0; i < steps; i++) {
    const colour = colourAt(range[0] + ((i + 0.5) / steps) * (range[1] - range[0]), range);
    out.push(`<rect x="${x}" y="${f(box.bottom - (i + 1) * tall)}" width="12" ` +
      `height="${f(tall + 0.5)}" fill="rgb(${colour.join(" ")})"/>`);
  }
  for (const { at, text } of ticks(range, 5)) {
    const y = box.bottom - ((at - range[0]) / (range[1] - range[0])) * (box.bottom - box.top);
    out.push(line([x + 12, y], [x + 16, y], theme.quiet, 1));
    out.push(label(x + 20, y + 4, text, theme.quiet));
  }
  return out.join("");
}

/** A star where the map is highest, a ring where the parameters stand. */
function drawnPoints(map, look, scales, theme) {
  const out = [], best = look.best, { box } = scales;
  if (best) {
    const [x, y] = [scales.x(best.x), scales.y(best.y)], end = x > (box.left + box.right) / 2;
    const star = Array.from({ length: 10 }, (_, i) => {
      const [turn, size] = [(i * Math.PI) / 5, i % 2 ? 3.6 : 9];
      return `${f(x + size * Math.sin(turn))},${f(y - size * Math.cos(turn))}`;
    });
    out.push(`<polygon points="${star.join(" ")}" fill="#fff" stroke="#000" stroke-width="1.2"/>`);
    const said = look.value(best.value), wide = 7 * said.length + 14; // on a ground of its own
    const from = end ? Math.min(x - 12, box.right) - wide : Math.max(x + 12, box.left);
    const down = Math.min(box.bottom - 22, Math.max(box.top + 2, y - 10));
    out.push(`<rect x="${f(from)}" y="${f(down)}" width="${wide}" height="20" rx="5" ` +
      'fill="#000" fill-opacity="0.75"/>');
    out.push(label(from + wide / 2, down + 14.5, said, "#fff", "middle"));
  }
  const [x, y] = [scales.x(look.here[0]), scales.y(look.here[1])];
  const inside = x >= box.left - 1 && x <= box.right + 1 && y >= box.top - 1 && y <= box.bottom + 1;
  if (inside) {
    for (const [width, colour] of [[5, "#000"], [2.2, theme.curves[1]]]) {
      out.push(`<circle cx="${f(x)}" cy="${f(y)}" r="7.5" fill="none" stroke="${colour}" ` +
        `stroke-width="${width}"/>`);
    }
  }
  return out.join("");
}
