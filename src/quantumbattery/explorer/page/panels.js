// What each panel shows, as charts made of a state; and the whole as one picture.

// Colour by kind (stored, passive, extractable), dashes by curve: told apart in grey as well.
const LOOKS = {
  energy: [0, ""], passive_energy: [2, "6 4"], ergotropy: [1, "9 3 2 3"],
  power: [0, ""], passive_power: [2, "6 4"], ergotropic_power: [1, "9 3 2 3"],
  population_inversion: [0, ""], coherence: [2, "6 4"], capacity: [3, "2 3"],
  concurrence: [3, ""],
  fit: [4, "5 3"],
};
const OVER_ANGLE = {
  energy: [0, ""], ergotropy: [1, ""], power: [0, "6 4"], ergotropic_power: [1, "6 4"],
  fit: [4, "2 3"],
};

const PANELS = [
  { id: "energies", title: "Energies", ylabel: "energy (ħω)", five: "energy",
    shown: ["energy", "passive_energy", "ergotropy"], best: ["energy", "ergotropy"] },
  { id: "powers", title: "Powers", ylabel: "power (ħω u)", five: "power",
    shown: ["power", "passive_power", "ergotropic_power"], best: ["power", "ergotropic_power"] },
  { id: "origin", title: "Where the ergotropy comes from",
    ylabel: "value, energies in ħω", low: -0.5,
    shown: ["population_inversion", "coherence", "capacity", "ergotropy"], best: [] },
  { id: "entanglement", title: "Entanglement of charger and battery", ylabel: "concurrence",
    five: "concurrence", shown: ["concurrence"], best: [] },
  { id: "times", title: "Best times over θ", ylabel: "time (1/u)", kind: "time",
    shown: ["energy", "power", "ergotropic_power", "fit"] },
  { id: "maxima", title: "Largest values over θ", ylabel: "ħω, powers ħω u", kind: "max",
    shown: ["energy", "ergotropy", "power", "ergotropic_power", "fit"] },
];
const FIVE = [0, Math.PI / 4, Math.PI / 2, (3 * Math.PI) / 4, Math.PI];
const ANGLES = Array.from({ length: 91 }, (_, i) => fromDegrees(2 * i));

/** The name of a curve; `NAMES` comes from quantumbattery's table of quantities. */
function nameOf(panel, measure) {
  if (measure === "fit") return `fit of the paper, Eq. ${panel.kind === "time" ? 43 : 45}`;
  if (panel.kind === "time" && measure === "energy") return "stored energy and ergotropy";
  return NAMES[measure];
}

function lookOf(panel, measure, theme) {
  const [colour, dash] = (panel.kind ? OVER_ANGLE : LOOKS)[measure];
  return { color: theme.curves[colour], dash };
}

/** Whether the paper's fits, which know no loss and no detuning, may be shown. */
function fits(state) {
  return !(state.charger_loss || state.battery_loss || state.detuning);
}

/** All that is worked out of a state; `before` is what was worked out of another. */
function workedOut(state, before) {
  const key = ["coupling", "charger_loss", "battery_loss", "detuning", "last", "disconnect"]
    .map((name) => state[name]).join();
  const base = before && before.base.key === key ? before.base : baseOf(state, key);
  const { times, motion, motions } = base;
  if (state.five) base.families ||= FIVE.map((theta) => ({
    theta, table: tableOf(theta, times, motions, PANELS.map(({ five }) => five).filter(Boolean)),
  }));
  // Of many swings the first fifty: what is beyond lies over them, and would only fill the ball.
  const seen = times.slice(0, 501).map((t) => blochVectors(state, motion, t));
  const traces = [0, 1].map((i) => seen.map((both) => both[i]));
  const table = tableOf(state.theta, times, motions);
  const families = state.five ? base.families : [];
  return { ...base, base, table, best: optimum(state), families, traces };
}

/** What the preparation does not change, so that a drag works it out once. */
function baseOf(state, key) {
  const times = moments(state.last, pointsOf(state)), motion = constantsOf(state);
  const motions = times.map((t) => moved(state, motion, t));
  return { key, times, motion, motions, over: optimaOver(state, ANGLES) };
}

/** The chart of a panel. */
function chartOf(panel, state, found, theme) {
  const shown = panel.shown.filter((name) => !state.hidden.includes(name));
  return panel.kind ? overAngle(panel, shown, state, found, theme)
    : overTime(panel, shown, state, found, theme);
}

function overTime(panel, shown, state, found, theme) {
  const curves = [];
  for (const { theta, table } of panel.five && shown.includes(panel.five) ? found.families : []) {
    const name = theta && theta !== state.theta ? shownText(theta, true) : "";
    const look = { ...lookOf(panel, panel.five, theme), width: 1.2, faint: true, name };
    curves.push({ x: table.time, y: table[panel.five], ...look });
  }
  for (const name of shown) {
    curves.push({ x: found.table.time, y: found.table[name], ...lookOf(panel, name, theme) });
  }
  const marks = panel.best.filter((name) => shown.includes(name)).map((name) => {
    const { time, max } = found.best[name];
    return { x: time, y: max, color: lookOf(panel, name, theme).color };
  }).filter(({ x }) => x <= Math.min(state.last, state.disconnect));
  const most = Math.max(...curves.map(({ y }) => y.reduce((a, b) => Math.max(a, b), 0)), 0);
  return {
    xs: [0, state.last], ys: [panel.low || 0, roundAbove(most)], curves, marks,
    xlabel: "time t (1/u)", ylabel: panel.ylabel,
    verticals: state.disconnect < state.last
      ? [{ at: state.disconnect, text: "disconnected" }] : [],
  };
}

function overAngle(panel, shown, state, found, theme) {
  const curves = shown.filter((name) => name !== "fit" || fits(state)).map((name) => ({
    x: ANGLES, ...lookOf(panel, name, theme), width: 2,
    y: name === "fit" ? ANGLES.map((theta) => fitted(panel.kind, theta, state.coupling))
      : found.over.map((best) => best[name][panel.kind]),
  }));
  const values = curves.flatMap(({ y }) => y).filter(Number.isFinite);
  const marks = shown.filter((name) => name !== "fit").map((name) => ({
    x: state.theta, y: found.best[name][panel.kind], color: lookOf(panel, name, theme).color,
  })).filter(({ y }) => Number.isFinite(y));
  return {
    xs: [0, Math.PI], ys: [0, roundAbove(Math.max(0, ...values))], curves, marks: [],
    dots: marks,
    verticals: [{ at: state.theta, text: `θ = ${shownText(state.theta, true)}`, above: true }],
    xlabel: "polar angle θ of the charger", ylabel: panel.ylabel,
    xticks: FIVE.map((at) => ({ at, text: shownText(at, true) })),
  };
}

/** The paper's fits of the best ergotropic power: its time (Eq. 43) and its value (Eq. 45). */
function fitted(kind, theta, coupling) {
  if (kind === "max") {
    return (coupling / 3) * (Math.tanh(theta - Math.PI / 2) / Math.tanh(Math.PI / 2) + 1);
  }
  const weight = (9 * Math.sqrt(3)) / 32;
  const above = 5 / 6 + (1 / 6 + weight * Math.PI ** 2.5) * (theta / Math.PI) ** 2.5;
  return ((7 / 5) * above) / (1 + weight * theta ** 2.5) / coupling;
}

/** The traces and arrows of the two spheres at a time. */
function sphereOf(which, state, found, theme) {
  const i = which === "charger" ? 0 : 1, colour = theme.curves[i ? 1 : 0];
  const points = found.traces[i];
  const tip = blochVectors(state, found.motion, state.time)[i];
  const look = { color: colour, dash: i ? "" : "3 3" }; // the charger, as it empties, is dashed
  const arrows = [{ tip, ...look, width: i ? 2.5 : 1.5, size: 5, hollow: !i }];
  if (!i) {
    const handle = onSphere(state.theta, state.phi);
    arrows.push({ tip: handle, color: colour, width: 2.5, size: 9, handle: true });
  }
  return { traces: [{ points, ...look, width: i ? 1.6 : 1 }], arrows };
}

/** The whole page as one SVG file. */
function wholePicture(state, found, turn, theme) {
  const [width, chart, gap, top] = [1120, { w: 520, h: 270 }, 40, 380], out = [];
  out.push(label(gap, 34, "Charging a quantum battery", theme.ink, "start", 'font-size="20"'));
  out.push(label(gap, 56, caption(state), theme.quiet));
  ["charger", "battery"].forEach((which, i) => {
    const x = 300 + i * 520;
    out.push(label(x, 90, i ? `battery at t = ${digits(state.time)}` : "charger, prepared",
      theme.ink, "middle", 'font-size="14"'));
    out.push(drawnSphere({ x, y: 230, radius: 105 }, viewFrom(turn), theme,
      sphereOf(which, state, found, theme)));
  });
  PANELS.forEach((panel, i) => {
    const x = gap + (i % 2) * (chart.w + 20), y = top + Math.floor(i / 2) * (chart.h + 70);
    const content = chartOf(panel, state, found, theme), shown = panel.shown.filter(
      (name) => !state.hidden.includes(name) && (name !== "fit" || fits(state)));
    out.push(`<g transform="translate(${x} ${y})">`);
    out.push(label(4, 8, panel.title, theme.ink, "start", 'font-size="14" font-weight="bold"'));
    let at = 4;
    for (const name of shown) {
      const { color, dash } = lookOf(panel, name, theme), text = nameOf(panel, name);
      out.push(line([at, 24], [at + 22, 24], color, 2, dash), label(at + 26, 28, text, theme.ink));
      at += 40 + 5.9 * text.length;
    }
    out.push(`<g transform="translate(0 34)">${drawnChart(content, chart.w, chart.h, theme)}`);
    out.push(`${drawnDots(content, chart.w, chart.h, theme)}</g></g>`);
  });
  return svgFile(width, top + 3 * (chart.h + 70), out.join(""), theme);
}

/** Dots where the present angle stands on the curves over all angles. */
function drawnDots(chart, width, height, theme) {
  const scales = scalesOf(chart, width, height);
  return (chart.dots || []).map(({ x, y, color }) => `<circle cx="${f(scales.x(x))}" ` +
    `cy="${f(scales.y(y))}" r="4.5" fill="${color}" stroke="${theme.paper}" ` +
    'stroke-width="1.5"/>').join("");
}
