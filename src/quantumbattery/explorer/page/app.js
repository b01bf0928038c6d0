// The page itself: it lays out what the other files work out, and turns what a person does into a
// state. No text of the page or of its address is ever evaluated, or put into it as markup.

const THEMES = {
  light: {
    page: "#f4f6f8", paper: "#ffffff", ink: "#1b1f26", quiet: "#56606c", grid: "#e4e8ed",
    wire: "#b4bfca", ball: "#eef4f9", edge: "#dfe4ea", line: "#b9c2cc", field: "#ffffff",
    hover: "#eef1f5", focus: "#0072B2", bad: "#a8321a", curves: COLOURS,
  },
  dark: {
    page: "#0f1216", paper: "#171b21", ink: "#e9ecf0", quiet: "#a3adb9", grid: "#2a3139",
    wire: "#4b5763", ball: "#1d2530", edge: "#2a3139", line: "#46505b", field: "#1f252c",
    hover: "#242b33", focus: "#56B4E9", bad: "#ff9d85",
    curves: COLOURS.with(0, COLOURS[5]), // its blue is too dark there, the sky's is not
  },
};

const el = (id) => document.getElementById(id);
const dark = matchMedia("(prefers-color-scheme: dark)");
const still = matchMedia("(prefers-reduced-motion: reduce)");
const fields = {}; // by control: slider, box, error
const boxes = {}; // by panel: its element, drawing, cursor and legend

let { state, errors } = stateOf(isOfPair(location.hash) ? location.hash || START : START);
const framed = location.protocol === "about:"; // in a notebook, where it has no address
let found = workedOut(state), theme = THEMES.light, turn = (-62 * Math.PI) / 180;
let waiting = 0, stale = false, player = 0, mapBox = null;

// --- from a state to the screen ------------------------------------------------------------------

/** Ask for a new picture; what is asked for before it is drawn is drawn once. */
function show(changed = true) {
  stale = stale || changed;
  if (!waiting) waiting = requestAnimationFrame(draw);
}

/** What is worked out of the state as it is now, though it may not be drawn yet. */
function current() {
  if (stale) draw();
  return found;
}

function draw() {
  cancelAnimationFrame(waiting);
  waiting = 0;
  if (stale) {
    stale = false;
    found = workedOut(state, found);
    drawControls();
    drawPanels();
    drawWords();
  }
  drawMoment();
  mapBox.show();
}

function drawControls() {
  for (const control of CONTROLS) {
    const { key, angle } = control, { slider, box, error } = fields[key], value = state[key];
    if (key === "disconnect") slider.max = String(state.last);
    const place = angle ? (value * 180) / Math.PI : value;
    slider.value = String(Math.min(place, Number(slider.max)));
    const text = shownText(value, angle);
    slider.setAttribute("aria-valuetext", `${text} ${Number.isFinite(value) ? control.unit : ""}`);
    const refused = errors[key], sentence = refused ? refused.sentence : "";
    box.value = refused ? refused.text : text;
    box.setAttribute("aria-invalid", String(Boolean(refused)));
    if (error.textContent !== sentence) error.textContent = sentence; // else it is read out again
  }
  el("five").checked = state.five;
  const address = addressOf({ ...state, time: 0 });
  const same = ({ state: there }) => addressOf({ ...FIRST, ...there, time: 0 }) === address;
  const preset = PRESETS.findIndex(same);
  el("presets").value = preset < 0 ? "" : String(preset);
  el("code").textContent = pythonOf(state);
}

function drawPanels() {
  for (const { picture, size } of Object.values(boxes)) { // all before any changes: one layout
    size.splice(0, 2, picture.clientWidth || 480, picture.clientHeight || 248);
  }
  for (const panel of PANELS) {
    const box = boxes[panel.id], chart = chartOf(panel, state, found, theme);
    const [width, height] = box.size;
    box.chart = chart;
    box.picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
    box.drawing.innerHTML = drawnChart(chart, width, height, theme) +
      drawnDots(chart, width, height, theme);
    box.element.classList.toggle("chosen", state.panel === panel.id);
    for (const [name, { button, stroke }] of Object.entries(box.legend)) {
      const { color, dash } = lookOf(panel, name, theme);
      stroke.setAttribute("stroke", color);
      stroke.setAttribute("stroke-dasharray", dash);
      button.setAttribute("aria-pressed", String(!state.hidden.includes(name)));
      button.hidden = name === "fit" && !fits(state);
    }
  }
}

function drawWords() {
  const sentences = inWords(state, found.best);
  if (Object.keys(errors).length) {
    sentences.push("What is marked as wrong is not taken: all this is of the value before.");
  }
  if (el("words").textContent !== sentences.join("")) {
    el("words").replaceChildren(...sentences.map((text) => made("p", { textContent: text })));
  }
  el("best").replaceChildren(...SOUGHT.map((name) => {
    const { time, max } = found.best[name], unit = name.includes("power") ? "ħω u" : "ħω";
    const button = made("button", { type: "button", textContent: "disconnect" });
    button.setAttribute("aria-label", `disconnect at the best time for ${NAMES[name]}`);
    button.disabled = Number.isNaN(time) || time > 100;
    button.addEventListener("click", () => set({ disconnect: Number(time.toPrecision(6)) }));
    const cells = [digits(time), Number.isNaN(time) ? "0" : `${digits(max)} ${unit}`];
    const row = made("tr", {}), head = made("th", { scope: "row", textContent: NAMES[name] });
    const last = made("td", {});
    last.append(button);
    row.append(head, ...cells.map((text) => made("td", { textContent: text })), last);
    return row;
  }));
}

/** What changes with time alone: spheres, cursors, values beside the curves. */
function drawMoment() {
  const view = viewFrom(turn), place = { x: 150, y: 150, radius: 108 };
  for (const which of ["charger", "battery"]) {
    el(which).innerHTML = drawnSphere(place, view, theme, sphereOf(which, state, found, theme));
  }
  const degrees = (angle) => `${Math.round((angle * 1800) / Math.PI) / 10} degrees`;
  el("charger").setAttribute("aria-valuenow", String(Math.round((state.theta * 180) / Math.PI)));
  el("charger").setAttribute("aria-valuetext",
    `theta ${degrees(state.theta)}, phi ${degrees(state.phi)}`);
  const [x, y, z] = blochVectors(state, found.motion, state.time)[1].map((v) => v.toFixed(3));
  el("battery").setAttribute("aria-label",
    `The battery's Bloch vector at this time: x ${x}, y ${y}, z ${z}; z = 1 is the ground state`);
  el("at-time").textContent = `at t = ${state.time.toFixed(2)}`;
  el("moment").textContent = `t = ${state.time.toFixed(2)}`;
  el("scrub").value = String(Math.round((1000 * state.time) / state.last));
  el("scrub").setAttribute("aria-valuetext", state.time.toFixed(2));
  const now = read(state, found.motion, state.time);
  for (const panel of PANELS) {
    const { cursor, chart, size, legend } = boxes[panel.id];
    if (!panel.kind) cursor.innerHTML = drawnCursor(chart, state.time, ...size, theme);
    for (const [name, { value }] of Object.entries(legend)) {
      if (!panel.kind) value.textContent = digits(now[name]);
    }
  }
}

// --- from a person to a state --------------------------------------------------------------------

/** Take new values; `step` is a step of the history, else the address is only kept up to date. */
function set(values, step = true) {
  state = { ...state, ...values };
  state.time = Math.min(state.time, state.last);
  for (const key of Object.keys(values)) delete errors[key];
  show(Object.keys(values).some((key) => key !== "time"));
  if (step) keep(true);
}

function keep(step) {
  const address = addressOf(state);
  if (framed || address === (location.hash || "#") || !isOfPair(location.hash)) return;
  history[step ? "pushState" : "replaceState"](null, "", address);
}

function restore() {
  if (!isOfPair(location.hash) || addressOf(state) === (location.hash || "#")) return;
  pause();
  ({ state, errors } = stateOf(location.hash || START));
  show();
}

function makeControls() {
  for (const control of CONTROLS) {
    const { key, label: text, unit, slider: [min, max, step], angle } = control;
    const row = made("div", { className: "control" });
    const slider = made("input", { type: "range", min, max, step, id: `${key}-slider` });
    const box = made("input", { type: "text", id: key, inputMode: angle ? "text" : "decimal" });
    const error = made("p", { className: "error", id: `${key}-error` });
    slider.setAttribute("aria-label", text.replace("_", " "));
    box.setAttribute("aria-describedby", error.id);
    error.setAttribute("role", "alert");
    const from = () => (angle ? fromDegrees(Number(slider.value)) : Number(slider.value));
    slider.addEventListener("input", () => set({ [key]: from() }, false));
    slider.addEventListener("change", () => keep(true));
    box.addEventListener("change", () => typed(control, box));
    row.append(lettered("label", text, { htmlFor: key }), slider, box,
      made("span", { className: "unit", textContent: unit }));
    if (control.never) {
      const never = made("button", { type: "button", className: "never", textContent: "never" });
      never.setAttribute("aria-label", "never disconnect");
      never.addEventListener("click", () => set({ [key]: Infinity }));
      row.append(never);
    }
    row.append(error);
    el("controls").append(row);
    fields[key] = { slider, box, error };
  }
  el("controls").addEventListener("submit", (event) => event.preventDefault());
}

/** An element with a text, in which what follows _ is set low. */
function lettered(tag, text, properties = {}) {
  const element = made(tag, properties);
  text.split(/_(\w+|[-+]|\([^)]*\))/).forEach((part, i) => {
    element.append(i % 2 ? made("sub", { textContent: part }) : part);
  });
  return element;
}

function typed(control, box) {
  const { value, error } = written(control, box.value);
  if (error) {
    errors[control.key] = { sentence: error, text: box.value };
    show();
  } else set({ [control.key]: value });
}

function makePanels() {
  for (const panel of PANELS) {
    const element = made("article", { className: `panel ${panel.kind ? "" : "timed"}` });
    const picture = drawnElement("svg", { role: "img", "aria-label": `${panel.title}: curves` });
    const [drawing, cursor] = [drawnElement("g"), drawnElement("g")];
    const legend = {}, row = made("div", { className: "legend" });
    for (const name of panel.shown) {
      const button = made("button", { type: "button" }), value = made("output", {});
      const swatch = drawnElement("svg", { viewBox: "0 0 26 10", "aria-hidden": "true" });
      const stroke = drawnElement("line", { x1: 0, x2: 26, y1: 5, y2: 5, "stroke-width": 2.5 });
      swatch.append(stroke);
      button.append(swatch, made("span", { textContent: nameOf(panel, name) }));
      if (!panel.kind) button.append(value);
      button.addEventListener("click", () => set({ hidden: toggled(state.hidden, name) }));
      row.append(button);
      legend[name] = { button, stroke, value };
    }
    picture.append(drawing, cursor);
    element.append(made("h2", { textContent: panel.title }), row, picture, equationsBox(panel));
    el("panels").append(element);
    boxes[panel.id] = { element, picture, drawing, cursor, legend, size: [] };
    if (!panel.kind) scrubbed(picture, panel.id);
  }
}

/** The equations of a panel, one click away. */
function equationsBox(panel) {
  const box = made("details", { name: "equations" }), list = made("ul", {});
  for (const [formula, verdicts] of equationsOf(panel)) {
    const item = lettered("li", formula);
    item.append(...verdicts.map((text) => made("span", { textContent: text })));
    list.append(item);
  }
  box.append(made("summary", { textContent: "Equations, and what the ledger says of them" }), list);
  box.addEventListener("keydown", (event) => {
    if (event.key === "Escape") box.open = false;
  });
  return box;
}

function toggled(names, name) {
  return names.includes(name) ? names.filter((each) => each !== name) : [...names, name];
}

/** Dragging over curves moves the time. */
function scrubbed(picture, id) {
  const move = (event) => {
    if (!(event.buttons & 1)) return;
    const { left } = picture.getBoundingClientRect(), { chart, size } = boxes[id];
    pause();
    set({ time: scalesOf(chart, ...size).back(event.clientX - left) }, false);
  };
  picture.addEventListener("pointerdown", move);
  picture.addEventListener("pointermove", move);
  picture.addEventListener("pointerup", () => keep(false));
}

/** Dragging on the charger's sphere; past its rim the view turns along: all is in reach. */
function makeSphere() {
  const sphere = el("charger");
  const move = (event) => {
    const { left, top, width, height } = sphere.getBoundingClientRect(), unit = (width / 268) * 108;
    const across = (event.clientX - left - width / 2) / unit;
    const up = -(event.clientY - top - height / 2) / unit;
    if (Math.hypot(across, up) > 1.05) turn += 0.06 * across;
    const [theta, phi] = anglesOf(seenAt(viewFrom(turn), across, up));
    set(theta === 0 || theta === Math.PI ? { theta } : { theta, phi }, false);
  };
  sphere.addEventListener("pointerdown", (event) => {
    sphere.setPointerCapture(event.pointerId);
    sphere.classList.add("held");
    move(event);
  });
  sphere.addEventListener("pointermove", (event) => {
    if (sphere.classList.contains("held")) move(event);
  });
  for (const end of ["pointerup", "pointercancel"]) {
    sphere.addEventListener(end, () => {
      sphere.classList.remove("held");
      keep(true);
    });
  }
  sphere.addEventListener("keydown", moveByKey);
  for (const [id, way] of [["turn-left", -1], ["turn-right", 1]]) {
    el(id).addEventListener("click", () => {
      turn += (way * Math.PI) / 12;
      show(false);
    });
  }
}

function moveByKey(event) {
  const steps = {
    ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1],
    PageUp: [-15, 0], PageDown: [15, 0], Home: [-180, 0], End: [180, 0],
  };
  const step = steps[event.key];
  if (!step) return;
  event.preventDefault();
  const degrees = (angle) => Math.round((angle * 180) / Math.PI);
  const theta = Math.min(180, Math.max(0, degrees(state.theta) + step[0]));
  set({ theta: fromDegrees(theta), phi: fromDegrees((degrees(state.phi) + step[1] + 360) % 360) });
}
