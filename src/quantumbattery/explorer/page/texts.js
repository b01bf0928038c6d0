// Texts made of a state: its address, the lines of Python, the CSV file, and what it means.

/** The address of a state: what differs from the first state, each value with all its digits. */
function addressOf(state) {
  const parts = [];
  for (const { key, angle } of [...CONTROLS, { key: "time" }]) {
    if (state[key] !== FIRST[key]) parts.push(`${key}=${exactText(state[key], angle)}`);
  }
  if (state.five) parts.push("five=1");
  if (state.hidden.length) parts.push(`hidden=${state.hidden.join(",")}`);
  if (state.panel) parts.push(`panel=${state.panel}`);
  if (state.map) parts.push(`map=${state.map}`);
  // Without a word a page opens at START: then the first state needs one.
  return `#${parts.join("&") || (START && `time=${FIRST.time}`)}`;
}

/** Read an address: the state, and by control what is refused, each with a sentence. */
function stateOf(address) {
  const state = { ...FIRST, hidden: [] }, errors = {};
  for (const part of address.replace(/^#/, "").split("&")) {
    const at = part.indexOf("="), key = part.slice(0, at), text = unescaped(part.slice(at + 1));
    const control = CONTROLS.find((each) => each.key === key);
    if (control) {
      const { value, error } = written(control, text);
      if (error) errors[key] = { sentence: error, text };
      else state[key] = value;
    } else if (key === "time") {
      const { value } = written({ label: "time", least: 0, most: 100, such: "1" }, text);
      if (value !== undefined) state.time = value;
    } else if (key === "five") state.five = text === "1";
    else if (key === "hidden") state.hidden = text.split(",").filter((n) => LOOKS[n]);
    else if (key === "map") state.map = mapOf(text, pairAxes()) ? text : "";
    else if (key === "panel") state.panel = PANELS.some((p) => p.id === text) ? text : "";
  }
  state.time = Math.min(state.time, state.last);
  return { state, errors };
}

/** Whether an address is one of the pair's; of the view of all systems it names the system. */
function isOfPair(address) {
  return !address.startsWith("#system=");
}

function unescaped(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Lines of Python that give the numbers of the page. */
function pythonOf(state) {
  const name = (key) => `${key}=${pythonText(state[key])}`;
  const end = state.disconnect === Infinity ? "" : `, disconnect=${pythonText(state.disconnect)}`;
  return `import numpy as np
import quantumbattery as qb

pair = qb.QubitPair(
    frequency=1.0,  # the unit of energy
    ${name("coupling")},
    ${name("charger_loss")},
    ${name("battery_loss")},
    ${name("detuning")},
)
start = qb.bloch(${name("theta")}, ${name("phi")})
times = np.linspace(0.0, ${pythonText(state.last)}, ${pointsOf(state)})
table = pair.charge(start, times${end})
best = pair.optimum(start)  # of a charger that is not disconnected before
print(table)
print(best)
`;
}

/** The table as a CSV file, with the columns of \`quantumbattery charge --out\`. */
function csvOf(table) {
  const names = ["time", ...MEASURES];
  const rows = table.time.map((_, i) => names.map((name) => String(table[name][i])).join(","));
  return `${names.join(",")}\n${rows.join("\n")}\n`;
}

/** What the state means, in sentences. */
function inWords(state, best) {
  const said = [], most = best.energy.max, work = best.ergotropic_power;
  if (!(most > 0)) {
    return ["The charger starts in its ground state and has nothing to give."];
  }
  if (Number.isNaN(work.time)) {
    const useful = usefulLoss(state) / state.coupling;
    const less = useful > 0 ? `A charger loss γ below ${digits(useful)} J` : "Less loss";
    said.push(
      "No work can be taken out at any time: the battery is at most " +
      `${digits(100 * most).slice(0, 4)} % full. ` +
      "An excited charger gives it no coherence, so there is work only beyond half full " +
      `(population inversion). ${less} or a charger off the south pole would help.`);
  } else {
    said.push(`For the most ergotropic power disconnect at t\u00a0=\u00a0${digits(work.time)}/u; ` +
      `for the most ergotropy at t\u00a0=\u00a0${digits(best.ergotropy.time)}/u.`);
  }
  const width = Math.abs(state.charger_loss - state.battery_loss), critical = 4 * state.coupling;
  if (state.detuning === 0 && width === critical) {
    said.push("The losses differ by exactly 4J: the exceptional point, where swinging ends.");
  } else if (state.detuning === 0 && width > critical) {
    said.push("The losses differ by more than 4J: the energy does not swing back, it seeps away.");
  }
  return said;
}

/** The parameters in one line, for pictures. */
function caption(state) {
  return captionParts(state, []).join(",  ");
}

/** The same one by one, without those that vary. */
function captionParts(state, vary) {
  const part = ({ key, label, angle, unit }) =>
    `${label.split(" ").pop()} = ${shownText(state[key], angle)}${unit ? ` ${unit}` : ""}`;
  const shown = CONTROLS.filter(({ key }) => !["last", "disconnect", ...vary].includes(key)).map(part);
  if (state.disconnect !== Infinity) shown.push(`T = ${shownText(state.disconnect)} 1/u`);
  return shown;
}
