// The picture of a system: its sites, what acts on them, and how full they are.

const SITE = 30; // radius of a site

/** How wide and high the picture is. */
function networkSize(network, width = 460) {
  const { rows } = networkShape(network), drives = network.drives.length ? 40 : 0;
  const said = Math.max(...network.sites.map(({ rates }) => Object.keys(rates).length));
  return [width, Math.max(150, 58 * rows) + drives + 30 * said];
}

/** In a row, if each site is linked to the next alone; else in columns, by what they do. */
function networkShape({ sites, links }) {
  const names = sites.map(({ name }) => name);
  const next = (a, b) => Math.abs(names.indexOf(a) - names.indexOf(b)) === 1;
  const inRow = links.every(({ ends: [a, b] }) => next(a, b)) ||
    sites.every(({ role }) => role === "battery");
  if (inRow) return { columns: sites.map((site) => [site]), rows: 1 };
  const columns = ["charger", "mediator", "battery"]
    .map((role) => sites.filter((site) => site.role === role)).filter((column) => column.length);
  return { columns, rows: Math.max(...columns.map((column) => column.length)) };
}

/** Where the sites stand, and how large they are. */
function networkPlaces(network, wide) {
  const { columns, rows } = networkShape(network), [width, height] = networkSize(network, wide);
  const down = network.drives.length ? 40 : 0;
  const size = Math.max(7, Math.min(SITE, (height - down) / rows / 2.5, width / columns.length / 2.6));
  const room = rows > 1 && columns.length > 1 ? 106 - width / (2 * columns.length) : 0;
  const pad = room > 0 ? room / (1 - 1 / columns.length) : 0; // for names at both sides
  const places = network.sites.map((site) => {
    const i = columns.findIndex((column) => column.includes(site)), j = columns[i].indexOf(site);
    return [pad + ((i + 0.5) * (width - 2 * pad)) / columns.length,
      down - (rows > 1 ? 0 : 8) + ((j + 0.5) * (height - down)) / columns[i].length];
  });
  const sides = network.sites.map((site) => { // where its name stands
    if (rows === 1) return "below";
    return columns[0].includes(site) ? "left" : columns.at(-1).includes(site) ? "right" : "below";
  });
  return { places, size, sides };
}

/** The network as SVG; `full` says of charger and battery which part of the most they hold. */
function drawnNetwork(network, full, theme, wide = 460) {
  const { places, size, sides } = networkPlaces(network, wide), out = [];
  const at = (name) => places[network.sites.findIndex((site) => site.name === name)];
  const step = wide / networkShape(network).columns.length;
  for (const link of network.links) {
    out.push(drawnLink(link, at, theme, network.links.length, step));
  }
  for (const drive of network.drives) {
    out.push(drawnDrive(drive, at(drive.site), size, theme, network.drives.length > 1));
  }
  network.sites.forEach((site, i) => {
    out.push(drawnSite(site, places[i], size, full, theme));
    if (size > 12) out.push(siteName(site, places[i], size, sides[i], theme));
  });
  return out.join("");
}

/** A site's name and rates beside it, where no other site is. */
function siteName(site, [x, y], size, side, theme) {
  const rates = Object.entries(site.rates).map(([name, value]) => `${name} ${value}`);
  const called = site.name.replaceAll("_", " ");
  if (side === "below") {
    return [called, ...rates].map((text, i) => label(x, y + size + 17 + 15 * i, text,
      i ? theme.quiet : theme.ink, "middle")).join("");
  }
  const [place, anchor] = side === "left" ? [x - size - 9, "end"] : [x + size + 9, "start"];
  return [called, ...rates].map((text, i) => label(place, y + 4 + 15 * (i - rates.length / 2),
    text, i ? theme.quiet : theme.ink, anchor)).join("");
}

/** A link, bent where it passes other sites. */
function drawnLink({ ends: [a, b], kind }, at, theme, count, step) {
  const [[x0, y0], [x1, y1]] = [at(a), at(b)], far = Math.abs(x1 - x0);
  const level = y0 === y1 && far > 1.5 * step, bow = level ? -Math.min(70, 0.16 * far) : 0;
  const path = `M${f(x0)},${f(y0)}Q${f((x0 + x1) / 2)},${f((y0 + y1) / 2 + 2 * bow)} ` +
    `${f(x1)},${f(y1)}`;
  const dash = { dipole: "7 3", heisenberg: "2 3" }[kind] || "";
  const word = count > 2 ? "" : label((x0 + x1) / 2, (y0 + y1) / 2 - 9, kind, theme.quiet, "middle");
  return `<path d="${path}" fill="none" stroke="${theme.quiet}" stroke-width="2" ` +
    `${dash ? `stroke-dasharray="${dash}"` : ""}/>${word}`;
}

/** A field that comes in from above, as a wave. */
function drawnDrive(drive, [x, y], size, theme, many) {
  const top = y - size - 46, wave = Array.from({ length: 25 }, (_, i) =>
    `${f(x + 6 * Math.sin((i * Math.PI) / 4))},${f(top + (i / 24) * 36)}`);
  const tip = y - size - 3, colour = theme.curves[4];
  const word = many ? "" : label(x + 12, top + 14, drive.kind.replaceAll("_", " "), theme.quiet);
  return `<polyline points="${wave.join(" ")}" fill="none" stroke="${colour}" stroke-width="2"/>` +
    `<polygon points="${f(x - 5)},${f(tip - 8)} ${f(x + 5)},${f(tip - 8)} ${f(x)},${f(tip)}" ` +
    `fill="${colour}"/>${word}`;
}

function drawnSite(site, [x, y], size, full, theme) {
  const colour = { charger: theme.curves[0], battery: theme.curves[1] }[site.role] || theme.quiet;
  const level = Math.max(0, Math.min(1, full[site.role] || 0)), top = y + size - 2 * size * level;
  const square = site.kind === "Oscillator", out = [];
  const shape = (grow, fill, stroke, more = "") => (square
    ? `<rect x="${f(x - size - grow)}" y="${f(y - size - grow)}" width="${f(2 * (size + grow))}" ` +
      `height="${f(2 * (size + grow))}" rx="${f(size / 3)}" fill="${fill}" stroke="${stroke}" ${more}/>`
    : `<circle cx="${f(x)}" cy="${f(y)}" r="${f(size + grow)}" fill="${fill}" stroke="${stroke}" ` +
      `${more}/>`);
  if (site.cells > 1) out.push(shape(4, "none", colour, 'stroke-width="1"'));
  out.push(shape(0, theme.paper, "none"), filled([x, y], size, top, square, colour));
  out.push(shape(0, "none", colour, 'stroke-width="2.5"'));
  if (site.cells > 1 && size > 14) {
    out.push(label(x, y + 5, `× ${site.cells}`, theme.ink, "middle", halo(theme)));
  }
  return out.join("");
}

/** The part of a site below a level: of a circle a segment, of a square a bar. */
function filled([x, y], size, top, square, colour) {
  const tall = y + size - top, look = `fill="${colour}" fill-opacity="0.35"`;
  if (!(tall > 0.2)) return "";
  if (square) {
    return `<rect x="${f(x - size)}" y="${f(top)}" width="${f(2 * size)}" height="${f(tall)}" ` +
      `rx="${f(Math.min(size / 3, tall / 2))}" ${look}/>`;
  }
  const up = Math.max(-1, Math.min(1, (y - top) / size)), half = size * Math.sqrt(1 - up * up);
  return `<path d="M${f(x - half)},${f(top)}A${f(size)},${f(size)} 0 ${up > 0 ? 1 : 0} 0 ` +
    `${f(x + half)},${f(top)}Z" ${look}/>`;
}

/** The same in words. */
function networkInWords({ sites, links, drives }) {
  const said = sites.map(({ name, kind, role, cells }) =>
    `${name}: ${cells > 1 ? `${cells} cells` : kind.toLowerCase()}, ${role}`);
  if (links.length < 9) said.push(...links.map(({ ends, kind }) => `${kind} of ${ends.join(" and ")}`));
  if (drives.length < 9) said.push(...drives.map(({ site }) => `a field drives ${site}`));
  return said.join("; ");
}
