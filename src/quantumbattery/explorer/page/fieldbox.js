// The controls and panels of the view of all systems, laid out; what they do is in field.js.

/** One row: a name, a slider or a choice, a box, and room for a sentence. */
function controlRow(control, change) {
  const { key, label: text, kind, slider, says } = control, id = `field-${key}`;
  const row = made("div", { className: "control field-control", title: says });
  const error = made("p", { className: "error", id: `${id}-error` });
  error.setAttribute("role", "alert");
  const name = lettered("label", text, { htmlFor: id });
  const fields = { error, kind, slider: null, box: null };
  if (kind === "flag" || kind === "choice") {
    fields.box = made("select", { id });
    const words = { true: "yes", false: "no" };
    for (const each of control.choices || ["false", "true"]) {
      fields.box.append(new Option(words[each] || each, each));
    }
    fields.box.addEventListener("change", () => change(key, fields.box.value, true));
    row.append(name, fields.box);
  } else {
    fields.box = made("input", { type: "text", id, spellcheck: false });
    fields.box.addEventListener("input", () => { fields.box.dataset.typed = "yes"; });
    fields.box.addEventListener("change", () => {
      delete fields.box.dataset.typed;
      change(key, fields.box.value.trim(), true);
    });
    row.append(name, slider ? slid(fields, control, change) : made("span", {}), fields.box);
  }
  fields.box.setAttribute("aria-describedby", error.id);
  row.append(error);
  return { row, fields };
}

function slid(fields, control, change) {
  const [min, max, step] = control.slider, { key, label: text } = control;
  const slider = made("input", { type: "range", min, max, step, id: `field-${key}-slider` });
  slider.setAttribute("aria-label", text);
  slider.addEventListener("input", () => change(key, sliderText(control, slider.value), false));
  slider.addEventListener("change", () => change(key, sliderText(control, slider.value), true));
  fields.slider = slider;
  return slider;
}

/** All rows of a system: how it starts, its numbers, the moments. */
function fieldRows(field) {
  const { starts, last } = modelOf(field), rows = [];
  if (starts.length > 1) {
    rows.push({ key: "state", label: "charger starts", kind: "choice", says: startOf(field).title,
      choices: starts.map(({ name }) => name), text: field.state });
  }
  const most = 4 * Number(last);
  return [...rows, ...controlsOf(field),
    { key: "last", label: "last time shown", kind: "number", text: field.last,
      slider: [most / 100, most, most / 100], says: "The horizon of the best times, too." },
    { key: "disconnect", label: "disconnect at", kind: "number", text: field.disconnect,
      slider: [0, lastOf(field), 0.01],
      says: "When charging ends and storage begins: a time, or never." },
    { key: "points", label: "moments", kind: "whole", text: field.points, slider: null,
      says: "How many moments the curves have." },
    { key: "extraction", label: "work taken by", kind: "choice", choices: EXTRACTIONS,
      text: field.extraction,
      says: "Which unitaries take work out: any; symmetric ones of the cells; on each cell alone." },
  ];
}

/** A panel with its legend; `toggle` hides a curve, `point` moves the time. */
function fieldPanel(panel, toggle, point) {
  const element = made("article", { className: "panel timed" });
  const picture = drawnElement("svg", { role: "img", "aria-label": `${panel.title}: curves` });
  const drawing = drawnElement("g"), cursor = drawnElement("g");
  const row = made("div", { className: "legend" }), legend = {};
  for (const name of panel.shown) {
    const button = made("button", { type: "button" }), value = made("output", {});
    const swatch = drawnElement("svg", { viewBox: "0 0 26 10", "aria-hidden": "true" });
    const stroke = drawnElement("line", { x1: 0, x2: 26, y1: 5, y2: 5, "stroke-width": 2.5 });
    swatch.append(stroke);
    button.append(swatch, made("span", { textContent: NAMES[name] }), value);
    button.addEventListener("click", () => toggle(name));
    row.append(button);
    legend[name] = { button, stroke, value };
  }
  picture.append(drawing, cursor);
  element.append(made("h2", { textContent: panel.title }), row, picture);
  const box = { panel, element, picture, drawing, cursor, legend, chart: null, size: [480, 248] };
  const move = (event) => {
    if (!(event.buttons & 1) || !box.chart) return;
    const { left } = picture.getBoundingClientRect(), { back } = scalesOf(box.chart, ...box.size);
    point(back(event.clientX - left) / box.chart.xs[1]);
  };
  picture.addEventListener("pointerdown", move);
  picture.addEventListener("pointermove", move);
  return box;
}

function drawFieldPanel(box, field, answer) {
  const { panel, picture, legend } = box, there = curvesOf(panel, answer);
  const size = [picture.clientWidth || 480, picture.clientHeight || 248];
  [box.chart, box.size] = [fieldChart(panel, field, answer, theme), size];
  picture.setAttribute("viewBox", `0 0 ${size[0]} ${size[1]}`);
  box.drawing.innerHTML = drawnChart(box.chart, ...size, theme);
  for (const [name, { button, stroke }] of Object.entries(legend)) {
    stroke.setAttribute("stroke", theme.curves[LOOKS[name][0]]);
    stroke.setAttribute("stroke-dasharray", LOOKS[name][1]);
    button.setAttribute("aria-pressed", String(!field.hidden.includes(name)));
    button.hidden = !there.includes(name);
  }
}

/** What changes with the moment alone. */
function drawFieldMoment(box, field, answer) {
  const time = field.time * answer.table.time.at(-1);
  box.cursor.innerHTML = drawnCursor(box.chart, time, ...box.size, theme);
  for (const [name, { value }] of Object.entries(box.legend)) {
    value.textContent = digits(between({ x: answer.table.time, y: answer.table[name] }, time));
  }
}

/** The rows of the table of best moments. */
function bestRows(best, field, disconnect) {
  return SOUGHT.map((name) => {
    const { time, max, at_once: atOnce } = best[name], never = Number.isNaN(time);
    const button = made("button", { type: "button", textContent: "disconnect" });
    button.setAttribute("aria-label", `disconnect at the best time for ${NAMES[name]}`);
    button.disabled = never || atOnce; // nothing is charged in no time
    button.addEventListener("click", () => disconnect(String(Number(time.toPrecision(6)))));
    const row = made("tr", {}), last = made("td", {});
    last.append(button);
    row.append(made("th", { scope: "row", textContent: NAMES[name] }),
      made("td", { textContent: timeSaid(best[name]) }),
      made("td", { textContent: never ? "0" : `${digits(max)} ${unitOf(name, field)}` }), last);
    return row;
  });
}
