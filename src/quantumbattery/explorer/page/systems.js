// The view of all systems as a state, made of texts and addresses; nothing here touches the page.

const FIELD_SWITCHES = ["last", "points", "disconnect", "extraction"];
const GREEK = { theta: "polar angle θ", phi: "azimuth φ", alpha: "amplitude α" };
const EXTRACTIONS = ["global", "collective", "local"];
const FIELD_PANELS = [
  { id: "field-energies", title: "Energies", ylabel: "energy", best: ["energy", "ergotropy"],
    shown: ["energy", "passive_energy", "ergotropy", "capacity"] },
  { id: "field-powers", title: "Powers", ylabel: "power", best: ["power", "ergotropic_power"],
    shown: ["power", "passive_power", "ergotropic_power"] },
];

function modelOf(field) {
  return MODELS.find(({ name }) => name === field.model);
}

function startOf(field) {
  return modelOf(field).starts.find(({ name }) => name === field.state);
}

/** A system as it is shown at first. */
function firstOf(name) {
  const model = MODELS.find((each) => each.name === name) || MODELS.find(
    (each) => each.name === "tavis_cummings");
  return { model: model.name, state: model.starts[0].name, values: {}, last: model.last,
    points: "401", disconnect: "never", extraction: "global", time: 0.5, hidden: [], map: "" };
}

/** Its controls, those of the start with start. before their names, each with its text now. */
function controlsOf(field) {
  const own = modelOf(field).controls.map((each) => ({ ...each, key: each.name, part: "model" }));
  const start = startOf(field).controls.map(
    (each) => ({ ...each, key: `start.${each.name}`, part: "start" }));
  return [...start, ...own].map((each) => ({
    ...each, label: labelOf(each), text: field.values[each.key] ?? each.default,
  }));
}

/** The name of a number, and its letter in the Hamiltonian. */
function labelOf({ name, kind, letter }) {
  return GREEK[name] || [name.replaceAll("_", " "), ...(letter && kind !== "list" ? [letter] : [])]
    .join(" ");
}

/** The last time shown, and when it is disconnected, as numbers. */
function lastOf(field) {
  return numberIn(field.last) || 1;
}

function endOf(field) {
  const end = numberIn(field.disconnect);
  return Number.isNaN(end) ? Infinity : end;
}

/** The address of a state: what differs from the first state of its system. */
function addressOfField(field) {
  const first = firstOf(field.model), parts = [`system=${field.model}`];
  if (field.state !== first.state) parts.push(`state=${field.state}`);
  for (const { key, default: usual, text } of controlsOf(field)) {
    if (text !== usual) parts.push(`${key}=${encodeURIComponent(text)}`);
  }
  for (const key of FIELD_SWITCHES) {
    if (field[key] !== first[key]) parts.push(`${key}=${encodeURIComponent(field[key])}`);
  }
  if (field.time !== first.time) parts.push(`time=${field.time}`);
  if (field.hidden.length) parts.push(`hidden=${field.hidden.join(",")}`);
  if (field.map) parts.push(`map=${field.map}`);
  return `#${parts.join("&")}`;
}

/** Read an address; what it does not know it leaves out, what is wrong the server says. */
function fieldOf(address) {
  const given = {};
  for (const part of address.replace(/^#/, "").split("&")) {
    const at = part.indexOf("=");
    given[part.slice(0, at)] = unescaped(part.slice(at + 1)).slice(0, 200);
  }
  const field = firstOf(given.system);
  if (modelOf(field).starts.some(({ name }) => name === given.state)) field.state = given.state;
  for (const { key } of controlsOf(field)) {
    if (key in given) field.values = { ...field.values, [key]: given[key] };
  }
  for (const key of FIELD_SWITCHES) if (key in given) field[key] = given[key];
  const time = Number(given.time);
  if (time >= 0 && time <= 1) field.time = time;
  if (given.hidden) field.hidden = given.hidden.split(",").filter((name) => LOOKS[name]);
  if (given.map && mapOf(given.map, fieldAxes(field))) field.map = given.map;
  return field;
}

/** What the server is asked. */
function askedOf(field, page) {
  const { model, state, values } = field, rest = {};
  for (const key of FIELD_SWITCHES) rest[key] = field[key];
  return { page, model, state, values, ...rest };
}

/** The number in a text, for the slider beside it; NaN if it is none. */
function sliderNumber({ kind }, text) {
  const value = numberIn(text, kind === "angle");
  if (kind === "angle") return (value * 180) / Math.PI;
  return Number.isNaN(value) ? parseFloat(text) : value; // of a complex number the real part
}

/** The text of a slider's number. */
function sliderText({ kind, slider }, value) {
  if (kind === "angle") return `${value}deg`;
  return String(Number(Number(value).toFixed(slider[2] < 0.1 ? 2 : 1)));
}

// --- its map -------------------------------------------------------------------------------------

/** The numbers over which a map may go; those of a list one by one. */
function fieldAxes(field) {
  const axes = [];
  for (const { key, label: text, kind, slider, part, text: now } of controlsOf(field)) {
    const shown = part === "start" && !/[θφ]$/.test(text) ? `start: ${text}` : text;
    if (kind === "list") {
      now.split(",").forEach((_, i) => axes.push({ key: `${key}.${i}`, label: `${text}[${i}]`,
        unit: "", range: [0, 3], step: 0.01 }));
    } else if (slider) {
      const read = kind === "angle" ? fromDegrees : Number, [low, high, step] = slider.map(read);
      axes.push({ key, label: shown, unit: "", angle: kind === "angle", whole: kind === "whole",
        range: [low, high], step });
    }
  }
  return axes;
}

/** Where the parameters stand on an axis. */
function fieldHere(field, key) {
  const [name, place] = key.startsWith("start.") ? [key] : key.split(".");
  const control = controlsOf(field).find((each) => each.key === name);
  if (place !== undefined) return numberIn(control.text.split(",")[Number(place)]);
  const value = sliderNumber(control, control.text);
  return control.kind === "angle" ? (value * Math.PI) / 180 : value;
}

/** The texts of a field whose numbers are put at a point of the map. */
function valuesAt(field, point) {
  const values = { ...field.values };
  for (const [key, value] of Object.entries(point)) {
    const [name, place] = key.startsWith("start.") ? [key] : key.split(".");
    const control = controlsOf(field).find((each) => each.key === name);
    if (place === undefined) {
      values[name] = control.kind === "angle" ? exactText(value, true) : String(value);
    } else {
      const parts = (values[name] ?? control.default).split(",").map((part) => part.trim());
      values[name] = parts.map((part, i) => (i === Number(place) ? String(value) : part)).join(", ");
    }
  }
  return values;
}

/** What the server is asked of a map. */
function mapAsked(field, wanted, page, moment) {
  const end = (key) => {
    const { range, angle } = fieldAxes(field).find((axis) => axis.key === key);
    const [from, to] = range.map((value) => (angle ? exactText(value, true) : String(value)));
    return { name: key, from, to };
  };
  return { ...askedOf(field, page), x: end(wanted.x), y: end(wanted.y), shown: wanted.shown, moment };
}

// --- its curves ----------------------------------------------------------------------------------

/** What the server says of a system, with numbers for the texts that stand for infinity. */
function readAnswer(answer) {
  const table = {}, best = {};
  for (const [name, values] of Object.entries(answer.table)) table[name] = values.map(Number);
  for (const [name, each] of Object.entries(answer.best)) best[name] = readBest(each);
  return { ...answer, table, best };
}

function readBest({ time, max, at_once: atOnce = false }) {
  return { time: Number(time), max: Number(max), at_once: atOnce };
}

/** The curves of a panel that are there: a capacity without bound is none. */
function curvesOf(panel, answer) {
  return panel.shown.filter((name) => answer.table[name].some(
    (value) => Number.isFinite(value)));
}

/** In what a quantity of a system is counted. */
function unitOf(measure, field) {
  const { unit } = modelOf(field);
  return measure.includes("power") ? `ħ${unit}²` : `ħ${unit}`;
}

function fieldChart(panel, field, answer, theme) {
  const { table, best } = answer, last = table.time.at(-1);
  const shown = curvesOf(panel, answer).filter((name) => !field.hidden.includes(name));
  const look = (name) => ({ color: theme.curves[LOOKS[name][0]], dash: LOOKS[name][1] });
  const curves = shown.map((name) => ({ x: table.time, y: table[name], ...look(name) }));
  const values = curves.flatMap(({ y }) => y).filter(Number.isFinite);
  const low = values.reduce((a, b) => Math.min(a, b), 0);
  const high = values.reduce((a, b) => Math.max(a, b), 0), end = endOf(field);
  const marks = panel.best.filter((name) => shown.includes(name) && best[name].time <= last)
    .filter((name) => !(best[name].time > end) && !(best[name].time < last / 1000))
    .map((name) => ({ x: best[name].time, y: best[name].max, color: look(name).color }));
  return { xs: [0, last], ys: [low < -1e-9 ? -roundAbove(-low) : 0, roundAbove(high)], curves, marks,
    xlabel: `time t (1/${modelOf(field).unit})`,
    ylabel: `${panel.ylabel} (${unitOf(panel.shown[0], field)})`,
    verticals: end < last ? [{ at: end, text: "disconnected" }] : [] };
}

/** Which part of the most that is held by anyone charger and battery hold at a moment. */
function fullAt({ table }, part) {
  const i = Math.round(part * (table.time.length - 1)), held = table.charger_energy || [0];
  const most = [...table.energy, ...held].reduce((a, b) => Math.max(a, b), 1e-12);
  return { battery: table.energy[i] / most, charger: (held[i] || 0) / most };
}

/** What the unit of all numbers is, in words. */
function unitSaid(field) {
  const { unit } = modelOf(field);
  if (unit === "u") return "your unit of frequency, in which all numbers here are";
  return `the ${unit === "D" ? "cells' gap" : "battery's frequency"}, which is 1`;
}

/** A best time in words, where it is none: a power may be largest as charging begins. */
function timeSaid({ time, at_once: atOnce }) {
  return atOnce ? "at once (t → 0)" : digits(time);
}
