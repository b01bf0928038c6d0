// The Bloch sphere in orthographic projection, the ground state at the north pole, as SVG text.

const TILT = (14 * Math.PI) / 180; // how far from above one looks

/** The directions of the screen: to the right, up, and towards the eye. */
function viewFrom(turn) {
  const [s, c, st, ct] = [Math.sin(turn), Math.cos(turn), Math.sin(TILT), Math.cos(TILT)];
  return { right: [-s, c, 0], up: [-st * c, -st * s, ct], eye: [ct * c, ct * s, st] };
}

function dot(a, b) {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

/** The point of the sphere at two angles. */
function onSphere(theta, phi) {
  return [Math.sin(theta) * Math.cos(phi), Math.sin(theta) * Math.sin(phi), Math.cos(theta)];
}

/** Where a point is on the screen: [across, up, depth], depth > 0 in front. */
function projected(view, point) {
  return [dot(point, view.right), dot(point, view.up), dot(point, view.eye)];
}

/** The point of the front half that is seen at [across, up]; beyond the rim, its nearest one. */
function seenAt(view, across, up) {
  const far = Math.hypot(across, up), shrink = far > 1 ? 1 / far : 1;
  const [a, b] = [across * shrink, up * shrink], depth = Math.sqrt(Math.max(0, 1 - a * a - b * b));
  return [0, 1, 2].map((i) => a * view.right[i] + b * view.up[i] + depth * view.eye[i]);
}

/** The angles in whole degrees of a point of the sphere, [theta, phi] in the exact form. */
function anglesOf(point) {
  const theta = Math.acos(Math.min(1, Math.max(-1, point[2])));
  const phi = Math.atan2(point[1], point[0]), degrees = (a) => Math.round((a * 180) / Math.PI);
  return [fromDegrees(degrees(theta)), fromDegrees((degrees(phi) + 360) % 360)];
}

/** A sphere of a radius around [x, y]: its wires, a trace, and arrows, as SVG text. */
function drawnSphere(place, view, theme, content) {
  const { x, y, radius } = place;
  const at = (point) => {
    const [a, b, depth] = projected(view, point);
    return [x + radius * a, y - radius * b, depth];
  };
  const out = [`<circle cx="${x}" cy="${y}" r="${radius}" fill="${theme.ball}" ` +
    `stroke="${theme.wire}" stroke-width="1.2"/>`];
  for (const circle of wires()) out.push(...sides(circle.map(at), theme.wire, 0.8, ""));
  for (const [tip, name] of [[[1.22, 0, 0], "x"], [[0, 1.22, 0], "y"]]) {
    const [a, b, depth] = at(tip);
    out.push(line([x, y], [a, b], theme.quiet, 1, depth < 0 ? "2 3" : ""));
    const [c, d] = at(tip.map((v) => 1.1 * v));
    out.push(label(c, d + 4, name, theme.quiet, "middle", 'font-style="italic"'));
  }
  out.push(label(x, y - radius - 9, "|0⟩ ground", theme.ink, "middle"));
  out.push(label(x, y + radius + 18, "|1⟩ excited", theme.ink, "middle"));
  for (const trace of content.traces) {
    out.push(...sides(trace.points.map(at), trace.color, trace.width, trace.dash || ""));
  }
  for (const arrow of content.arrows) out.push(drawnArrow([x, y], at(arrow.tip), arrow, theme));
  return out.join("");
}

function drawnArrow(centre, [a, b, depth], arrow, theme) {
  const faint = depth < -0.02 ? ' opacity="0.6"' : "", dash = depth < -0.02 ? "4 3" : "";
  const shaft = line(centre, [a, b], arrow.color, arrow.width, arrow.dash || dash);
  const ring = arrow.handle
    ? `<circle cx="${f(a)}" cy="${f(b)}" r="15" fill="${arrow.color}" fill-opacity="0.18"/>` : "";
  const fill = arrow.hollow ? theme.paper : arrow.color;
  return `<g${faint}>${shaft}${ring}<circle cx="${f(a)}" cy="${f(b)}" r="${arrow.size}" ` +
    `fill="${fill}" stroke="${arrow.hollow ? arrow.color : theme.paper}" stroke-width="2"/></g>`;
}

/** The equator, four meridian circles and two parallels, as lists of points. */
function wires() {
  const turn = Array.from({ length: 73 }, (_, i) => (i * Math.PI) / 36);
  const parallel = (theta) => turn.map((phi) => onSphere(theta, phi));
  const meridian = (phi) => turn.map((theta) => onSphere(theta, phi));
  return [Math.PI / 3, Math.PI / 2, (2 * Math.PI) / 3].map(parallel)
    .concat([0, 1, 2, 3].map((i) => meridian((i * Math.PI) / 4)));
}

/** A line in space as SVG: the parts in front in full, those behind faint. */
function sides(points, color, width, dash) {
  const paths = { front: "", back: "" }, ends = {};
  for (let i = 1; i < points.length; i++) {
    const [p, q] = [points[i - 1], points[i]], side = p[2] + q[2] >= 0 ? "front" : "back";
    const begun = ends[side] === i - 1 ? "" : `M${f(p[0])},${f(p[1])}`;
    paths[side] += `${begun}L${f(q[0])},${f(q[1])}`;
    ends[side] = i;
  }
  const drawn = (path, opacity) => path && `<path d="${path}" fill="none" stroke="${color}" ` +
    `stroke-width="${width}" opacity="${opacity}"${dash ? ` stroke-dasharray="${dash}"` : ""} ` +
    'stroke-linejoin="round"/>';
  return [drawn(paths.back, 0.35), drawn(paths.front, 1)];
}

// --- pieces of SVG, which the charts use too -----------------------------------------------------

function f(number) { // a tenth of a pixel is enough
  return String(Math.round(number * 10) / 10);
}

function line(from, to, color, width, dash = "", more = "") {
  return `<line x1="${f(from[0])}" y1="${f(from[1])}" x2="${f(to[0])}" y2="${f(to[1])}" ` +
    `stroke="${color}" stroke-width="${width}"` +
    `${dash ? ` stroke-dasharray="${dash}"` : ""} ${more}/>`;
}

function label(x, y, text, color, anchor = "start", more = "") {
  return `<text x="${f(x)}" y="${f(y)}" fill="${color}" text-anchor="${anchor}" ${more}>` +
    `${escaped(text).replace(/_([a-z])\b/g, LOW)}</text>`;
}

const LOW = '<tspan dy="3" font-size="9">$1</tspan><tspan dy="-3">\u200b</tspan>';

function escaped(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
