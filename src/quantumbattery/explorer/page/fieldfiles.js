// The files of the view of all systems.

/** The table with the columns of the answer. */
function fieldCsv({ table }) {
  const names = Object.keys(table);
  const rows = table.time.map((_, i) => names.map((name) => csvNumber(table[name][i])).join(","));
  return `${names.join(",")}\n${rows.join("\n")}\n`;
}

/** The same as `System.charge(...).to_netcdf` writes it. */
function fieldNetcdf(field, { table, file: { fixed, about, attrs } }) {
  const given = Object.keys(fixed);
  const of = (name, dims, values, more = {}) =>
    ({ name, dims, values, attributes: { ...about[name], ...more } });
  const measures = Object.keys(table).filter((name) => name !== "time");
  const more = given.length ? { coordinates: given.join(" ") } : {};
  return netcdfFile({ time: table.time.length }, [
    of("time", ["time"], table.time),
    ...given.map((name) => of(name, [], [Number(fixed[name])])),
    ...measures.map((name) => of(name, ["time"], table[name], more)),
  ], { ...attrs, explorer: addressOfField(field) });
}

/** All values, each in a few words, without those that vary. */
function fieldCaption(field, vary = []) {
  const own = controlsOf(field).filter(({ key }) => !vary.includes(key)).map(
    (each) => `${each.label} = ${readable(each)}`);
  const starts = modelOf(field).starts.length > 1 ? [`charger starts: ${field.state}`] : [];
  const end = Number.isFinite(endOf(field)) ? [`disconnected at ${field.disconnect}`] : [];
  const how = field.extraction === "global" ? [] : [`work taken by: ${field.extraction}`];
  const unit = modelOf(field).unit === "u" ? ["u the unit of all frequencies"] : [];
  return [...starts, ...own, ...end, ...how, ...unit];
}

/** All that is seen of a system as one picture. */
function fieldPicture(field, answer, theme) {
  const [width, gap, chart] = [1120, 40, { w: 520, h: 290 }], out = [];
  const name = field.model.replaceAll("_", " "), lines = brokenLines(fieldCaption(field), 175);
  out.push(label(gap, 36, `${name}: ${modelOf(field).title.replace(/\.$/, "")}`, theme.ink, "start", 'font-size="20"'));
  lines.forEach((text, i) => out.push(label(gap, 60 + 18 * i, text, theme.quiet)));
  const top = 70 + 18 * lines.length, [w, h] = networkSize(answer.network);
  out.push(`<g transform="translate(${gap} ${top})">`,
    drawnNetwork(answer.network, fullAt(answer, field.time), theme), "</g>");
  out.push(`<g transform="translate(${gap + 560} ${top + 24})">`, bestInPicture(field, answer, theme),
    "</g>");
  const under = top + Math.max(h, 150) + 30;
  FIELD_PANELS.forEach((panel, i) => {
    out.push(`<g transform="translate(${gap + i * (chart.w + 20)} ${under})">`,
      label(4, 8, panel.title, theme.ink, "start", 'font-size="14" font-weight="bold"'));
    let at = 4;
    for (const each of curvesOf(panel, answer).filter((one) => !field.hidden.includes(one))) {
      const [colour, dash] = LOOKS[each];
      out.push(line([at, 24], [at + 22, 24], theme.curves[colour], 2, dash),
        label(at + 26, 28, NAMES[each], theme.ink));
      at += 40 + 5.9 * NAMES[each].length;
    }
    out.push(`<g transform="translate(0 34)">`,
      drawnChart(fieldChart(panel, field, answer, theme), chart.w, chart.h, theme), "</g></g>");
  });
  return svgFile(Math.max(width, w + 2 * gap), under + chart.h + 50, out.join(""), theme);
}

function bestInPicture(field, { best, certified }, theme) {
  const { unit } = modelOf(field);
  const head = `Best times to disconnect (${certified === "yes" ? "certified" : "of the moments shown"})`;
  const rows = SOUGHT.map((name, i) => {
    const value = `${digits(best[name].max)} ${unitOf(name, field)}`, y = 44 + 22 * i;
    const said = [NAMES[name], timeSaid(best[name]), value];
    return said.map((text, k) => label([0, 150, 320][k], y, text, theme.ink)).join("");
  });
  const titles = ["for the most", `at t (1/${unit})`, "value"].map(
    (text, k) => label([0, 150, 320][k], 22, text, theme.quiet));
  return [label(0, 0, head, theme.ink, "start", 'font-weight="bold"'), ...titles, ...rows].join("");
}
