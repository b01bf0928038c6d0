// Files that are saved: what stands on the page, as pictures of its own and as tables.

const PICTURE_FONT = 'font-family="Helvetica, Arial, sans-serif" font-size="12"';

function download(name, content, tell) {
  const link = made("a", { href: URL.createObjectURL(content), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  tell(`${name} is saved.`);
}

/** Save texts and numbers by the ending of the name; of a picture, SVG, the ending png makes points. */
function save(name, content, tell) {
  const kind = { csv: "text/csv", nc: "application/x-netcdf", svg: "image/svg+xml" }[
    name.split(".").pop()];
  if (kind) download(name, new Blob([content], { type: kind }), tell);
  else savePng(name, content, tell);
}

/** A picture in points, twice as fine. */
function savePng(name, drawing, tell) {
  const image = new Image();
  image.addEventListener("load", () => {
    const canvas = made("canvas", { width: 2 * image.width, height: 2 * image.height });
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    canvas.toBlob((blob) => download(name, blob, tell), "image/png");
  });
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(drawing)}`;
}

/** A file of SVG: what is drawn, on paper. */
function svgFile(width, height, drawn, theme) {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
    `viewBox="0 0 ${width} ${height}" ${PICTURE_FONT}><rect width="${width}" height="${height}" ` +
    `fill="${theme.paper}"/>${drawn}</svg>`;
}

/** Lines of at most so many letters, broken between the parts. */
function brokenLines(parts, most) {
  const lines = [];
  for (const part of parts) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + part.length + 3 <= most) lines[lines.length - 1] += `,  ${part}`;
    else lines.push(part);
  }
  return lines;
}

function csvNumber(value) {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? "" : value > 0 ? "inf" : "-inf";
}

// --- maps ----------------------------------------------------------------------------------------

/** A map as a table of points, x first; a place without a value is empty. */
function mapCsv({ xs, ys, rows }, { x, y, shown }) {
  const lines = ys.flatMap((at, j) => xs.map((across, i) =>
    [across, at, rows[j][i]].map(csvNumber).join(",")));
  return `${x},${y},${shown}\n${lines.join("\n")}\n`;
}

/** The same as a file of two axes; `attributes` say of what system. */
function mapNetcdf({ xs, ys, rows }, { x, y, shown }, look, attributes) {
  const cut = shown.lastIndexOf("_"), measure = QUANTITIES[shown.slice(0, cut)];
  const units = shown.endsWith("_time") ? QUANTITIES.time.units : measure.units;
  const of = (key, axis) => QUANTITIES[key] || { long_name: axis.label };
  return netcdfFile({ [y]: ys.length, [x]: xs.length }, [
    { name: x, dims: [x], values: xs, attributes: of(x, look.x) },
    { name: y, dims: [y], values: ys, attributes: of(y, look.y) },
    { name: shown, dims: [y, x], values: rows.flat(), attributes: { long_name: look.title, units } },
  ], attributes);
}

/** The same as a picture. */
function mapPicture(map, look, caption, theme) {
  const [width, height] = [760, 480], lines = brokenLines(caption, 118), top = 50 + 18 * lines.length;
  const out = [label(24, 34, look.title.replace(/^./, (a) => a.toUpperCase()), theme.ink, "start",
    'font-size="18"'), ...lines.map((text, i) => label(24, 56 + 18 * i, text, theme.quiet))];
  out.push(`<g transform="translate(20 ${top})">${drawnMap(map, look, width - 40, height, theme)}</g>`);
  return svgFile(width, top + height + 16, out.join(""), theme);
}
