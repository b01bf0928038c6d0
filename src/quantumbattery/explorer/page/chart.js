// Curves over time or angle, as SVG text.

const MARGIN = { left: 46, right: 12, top: 38, bottom: 38 };

/** The scales of a chart: functions from values to places, and back along x. */
function scalesOf(chart, width, height) {
  const { left, right, top, bottom } = MARGIN, [x0, x1] = chart.xs, [y0, y1] = chart.ys;
  const [w, h] = [width - left - right, height - top - bottom];
  return {
    x: (value) => left + ((value - x0) / (x1 - x0)) * w,
    y: (value) => top + h - ((value - y0) / (y1 - y0)) * h,
    back: (place) => Math.min(x1, Math.max(x0, x0 + ((place - left) / w) * (x1 - x0))),
    box: { left, top, right: left + w, bottom: top + h },
  };
}

/** A chart with its axes, curves, marks and verticals. */
function drawnChart(chart, width, height, theme) {
  const scales = scalesOf(chart, width, height), { box } = scales, out = [], said = [];
  const xticks = chart.xticks || ticks(chart.xs, width < 420 ? 5 : 8);
  for (const { at, text } of ticks(chart.ys, 5)) {
    const y = scales.y(at);
    out.push(line([box.left, y], [box.right, y], at === 0 ? theme.quiet : theme.grid, 1));
    out.push(label(box.left - 7, y + 4, text, theme.quiet, "end"));
  }
  for (const { at, text } of xticks) {
    const x = scales.x(at);
    out.push(line([x, box.bottom], [x, box.bottom + 4], theme.quiet, 1));
    out.push(label(x, box.bottom + 17, text, theme.quiet, "middle"));
  }
  out.push(line([box.left, box.bottom], [box.right, box.bottom], theme.quiet, 1));
  out.push(label((box.left + box.right) / 2, box.bottom + 33, chart.xlabel, theme.ink, "middle"));
  out.push(label(4, 12, chart.ylabel, theme.ink));
  for (const { at, text, above } of chart.verticals) {
    const x = scales.x(at), end = x > box.right - 90;
    out.push(line([x, box.top], [x, box.bottom], theme.quiet, 1.2, "5 4"));
    if (above) {
      said.push(label(Math.min(x, box.right - 16), box.top - 5, text, theme.ink, "middle"));
    } else {
      said.push(label(x + (end ? -5 : 5), box.top + 11, text, theme.ink, end ? "end" : "start",
        halo(theme)));
    }
  }
  for (const curve of chart.curves) out.push(drawnCurve(curve, scales, theme));
  for (const curve of chart.curves) if (curve.name) said.push(drawnName(curve, scales, theme));
  out.push(...said); // texts last, over all curves
  out.push(drawnMarks(chart.marks, scales, theme));
  return out.join("");
}

function drawnCurve(curve, scales, theme) {
  let path = "", pen = "M";
  const wide = scales.box.right - scales.box.left;
  if (curve.x.length > Math.max(FEWEST, 1.5 * wide)) return drawnBand(curve, scales);
  curve.x.forEach((x, i) => {
    const y = curve.y[i];
    if (Number.isFinite(y)) path += `${pen}${f(scales.x(x))},${f(scales.y(y))}`;
    pen = Number.isFinite(y) ? "L" : "M";
  });
  const dash = curve.dash ? ` stroke-dasharray="${curve.dash}"` : "";
  const drawn = `<path d="${path}" fill="none" stroke="${curve.color}" ` +
    `stroke-width="${curve.width || 2}" opacity="${curve.faint ? 0.55 : 1}"${dash} ` +
    'stroke-linejoin="round"/>';
  return drawn;
}

/** The area that a curve covers which swings within a few pixels, and shows nothing as a line. */
function drawnBand(curve, scales) {
  const wide = scales.box.right - scales.box.left;
  const parts = Math.min(wide / 3, curve.x.length / 20); // two swings of each at least
  const at = extremes(curve.y, parts), highs = [], lows = [];
  for (let i = 0; i < at.length; i += 2) {
    const pair = [at[i], at[i + 1]].sort((a, b) => curve.y[a] - curve.y[b]);
    const x = f(scales.x(curve.x[at[i]]));
    [lows, highs].forEach((edge, k) => edge.push(`${x},${f(scales.y(curve.y[pair[k]]))}`));
  }
  const dash = curve.dash ? ` stroke-dasharray="${curve.dash}"` : "";
  return `<path d="M${highs.join("L")}L${lows.reverse().join("L")}Z" fill="${curve.color}" ` +
    `fill-opacity="${curve.faint ? 0.12 : 0.3}" stroke="${curve.color}" stroke-width="1"${dash}/>`;
}

/** The name of a curve, below its first peak. */
function drawnName(curve, scales, theme) {
  const peak = curve.y.reduce((best, y, i) => (y > curve.y[best] + 1e-9 ? i : best), 0);
  return label(scales.x(curve.x[peak]), scales.y(curve.y[peak]) + 13, curve.name,
    theme.ink, "middle", halo(theme));
}

/** Where a curve is lowest and highest in each of so many parts, in their order. */
function extremes(values, parts) {
  const width = values.length / parts, found = [];
  for (let part = 0; part < parts; part++) {
    let low = Math.floor(part * width), high = low;
    for (let i = low; i < Math.min(values.length, (part + 1) * width); i++) {
      if (values[i] < values[low]) low = i;
      if (values[i] > values[high]) high = i;
    }
    found.push(Math.min(low, high), Math.max(low, high));
  }
  return found;
}

/** An edge in the colour of the paper, so that a text is read over curves. */
function halo(theme) {
  return `stroke="${theme.paper}" stroke-width="4" stroke-linejoin="round" paint-order="stroke"`;
}

/** Dots on the curves, and their times in one row above, those of one time only once. */
function drawnMarks(marks, scales, theme) {
  const out = [], said = [];
  for (const { x, y, color } of marks) {
    const place = scales.x(x);
    out.push(line([place, scales.box.top], [place, scales.y(y)], color, 1, "1 3"));
    out.push(`<circle cx="${f(place)}" cy="${f(scales.y(y))}" r="4.5" fill="${color}" ` +
      `stroke="${theme.paper}" stroke-width="1.5"/>`);
  }
  for (const { x } of [...marks].sort((a, b) => a.x - b.x)) {
    const place = scales.x(x), before = said[said.length - 1];
    if (before !== undefined && place - before < 1) continue;
    const close = before !== undefined && place - before < 38;
    said.push(close ? before + 38 : place);
    const at = Math.min(close ? before + 38 : place, scales.box.right - 12);
    out.push(label(at, scales.box.top - 5, x.toPrecision(3), theme.ink, "middle"));
  }
  return out.join("");
}

/** Where the time stands: a line, and a dot on each curve. */
function drawnCursor(chart, time, width, height, theme) {
  const scales = scalesOf(chart, width, height), x = scales.x(time);
  const dots = chart.curves.filter((curve) => !curve.faint).map((curve) => {
    const y = scales.y(between(curve, time));
    return `<circle cx="${f(x)}" cy="${f(y)}" r="3.5" fill="${theme.paper}" ` +
      `stroke="${curve.color}" stroke-width="2"/>`;
  });
  return line([x, scales.box.top], [x, scales.box.bottom], theme.ink, 1.2) + dots.join("");
}

function between({ x, y }, at) {
  const step = x[1] - x[0], i = Math.min(x.length - 2, Math.floor((at - x[0]) / step));
  return y[i] + ((at - x[i]) / step) * (y[i + 1] - y[i]);
}

/** Round numbers over a range. */
function ticks([low, high], most) {
  const rough = (high - low) / most, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((n) => n * power).find((s) => s >= rough * 0.999);
  const places = Math.max(0, -Math.floor(Math.log10(step) + 1e-9)), all = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + 1e-9 * step; i++) {
    all.push({ at: i * step, text: (i * step).toFixed(places).replace("-", "−") });
  }
  return all;
}

/** The smallest round number above all values, so that a curve does not jump with each drag. */
function roundAbove(most) {
  if (!(most > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(most));
  return [1, 2, 5, 10].map((n) => n * power).find((n) => n >= most * 0.9999);
}
