// What may be set, what it is at first, and how values are written and read.

const STRAIGHT = [1, 2, 3, 4, 6, 8]; // fractions of pi that are written as such

// `slider` is [least, most, step] of the slider; the box beside it takes all from least to most.
const CONTROLS = [
  { key: "theta", label: "polar angle θ", unit: "", least: 0, most: Math.PI, angle: true,
    slider: [0, 180, 1], such: "2pi/3, 120deg or 2.09" },
  { key: "phi", label: "azimuth φ", unit: "", least: 0, most: 2 * Math.PI, angle: true,
    slider: [0, 360, 1], such: "pi/2, 90deg or 1.57" },
  { key: "coupling", label: "coupling J", unit: "u", least: 0.001, most: 10,
    slider: [0.05, 3, 0.01], such: "1.0 or 1/3" },
  { key: "charger_loss", label: "charger loss γ", unit: "u", least: 0, most: 100,
    slider: [0, 6, 0.01], such: "0.3 or 1/3" },
  { key: "battery_loss", label: "battery loss γ_b", unit: "u", least: 0, most: 100,
    slider: [0, 2, 0.01], such: "0.1" },
  { key: "detuning", label: "detuning Δ", unit: "u", least: -20, most: 20,
    slider: [-5, 5, 0.01], such: "0.5" },
  { key: "last", label: "last time shown", unit: "1/u", least: 0.01, most: 100,
    slider: [0.5, 20, 0.1], such: "2pi or 6.5" },
  { key: "disconnect", label: "disconnect at T", unit: "1/u", least: 0, most: 100, never: true,
    slider: [0, 20, 0.01], such: "1.4, or never" },
];

const FIRST = {
  theta: (2 * Math.PI) / 3, phi: 0, coupling: 1, charger_loss: 0.3, battery_loss: 0, detuning: 0,
  last: 2 * Math.PI, disconnect: Infinity, time: 1.3, five: false, hidden: [], panel: "",
  map: "",
};

/** Degrees as an angle, in the form in which fractions of pi are exact. */
function fromDegrees(degrees) {
  for (const n of STRAIGHT) {
    if ((degrees * n) % 180 === 0) return ((degrees * n) / 180) * Math.PI / n;
  }
  return (degrees * Math.PI) / 180;
}

/** [k, n] if the value is exactly k pi/n with a plain n, else null. */
function fractionOfPi(value) {
  for (const n of STRAIGHT) {
    const k = Math.round((value / Math.PI) * n);
    if (k > 0 && k <= 2 * n && (k * Math.PI) / n === value) return [k, n];
  }
  return null;
}

/** A value with all its digits: 2pi/3, 85deg, 0.3 or never; `written` reads it back exactly. */
function exactText(value, angle = false) {
  if (value === Infinity) return "never";
  const part = fractionOfPi(value);
  if (part) return `${part[0] === 1 ? "" : part[0]}pi${part[1] === 1 ? "" : `/${part[1]}`}`;
  const degrees = Math.round((value * 180) / Math.PI);
  if (angle && value !== 0 && fromDegrees(degrees) === value) return `${degrees}deg`;
  return String(value);
}

/** The same for people: 2π/3, 85°, 0.3. */
function shownText(value, angle = false) {
  const text = exactText(value, angle).replace("pi", "π").replace("deg", "°");
  return /^-?[\d.e+-]+$/.test(text) ? String(Number(Number(text).toPrecision(6))) : text;
}

/** The same in Python. */
function pythonText(value) {
  const part = fractionOfPi(value);
  if (part) {
    const [above, below] = part;
    return `${above === 1 ? "" : `${above} * `}np.pi${below === 1 ? "" : ` / ${below}`}`;
  }
  const degrees = Math.round((value * 180) / Math.PI);
  if (value !== 0 && fromDegrees(degrees) === value) return `${degrees} * np.pi / 180`;
  return Number.isInteger(value) ? value.toFixed(1) : String(value);
}

/** Read what a person wrote: { value }, or { error } in a sentence that says what to do. */
function written(control, text) {
  const given = text.trim().toLowerCase().replace("π", "pi").replace("°", "deg");
  const range = control.angle
    ? `from 0 to ${shownText(control.most)}`
    : `from ${control.least} to ${control.most}`;
  const error = `The ${control.label} must be a number ${range}, such as ${control.such}; ` +
    `"${text.trim().slice(0, 24)}" is not.`;
  if (control.never && ["never", "inf", ""].includes(given)) return { value: Infinity };
  const value = numberIn(given, control.angle);
  return value >= control.least && value <= control.most ? { value } : { error };
}

/** The number in a text such as 0.3, 1/3, 2pi or pi/2, an angle's also 90deg; NaN if it is none. */
function numberIn(text, angle = false) {
  const given = text.trim().toLowerCase().replace("π", "pi").replace("°", "deg");
  const number = "(?:\\d+\\.?\\d*|\\.\\d+)(?:e[-+]?\\d+)?";
  const [, sign, count, unit, below] = given.match(new RegExp(
    `^([-+]?)\\s*(${number})?\\s*\\*?\\s*(deg|rad|pi)?\\s*(?:/\\s*([-+]?${number}))?$`)) || [];
  if (sign === undefined || (!count && unit !== "pi")) return NaN;
  if (unit && unit !== "pi" && !angle) return NaN;
  const [above, under] = [Number(count ?? 1), Number(below ?? 1)];
  let value = ((unit === "pi" ? above * Math.PI : above) / under) * (sign === "-" ? -1 : 1);
  if (unit === "deg") value = fromDegrees((sign === "-" ? -above : above) / under);
  return Number.isFinite(value) ? value + 0 : NaN; // no minus zero
}

/** A number as it stands beside a curve: four digits, and no dust. */
function digits(value) {
  if (Number.isNaN(value)) return "never";
  if (Math.abs(value) < 1e-12) return "0";
  const text = Math.abs(value) < 1e-4 ? value.toExponential(1) : value.toPrecision(4);
  return text.replaceAll("-", "−");
}

const FEWEST = 401; // moments of a curve

/** How many moments a curve needs, so that each swing has ten, and not the same ten as the next. */
function pointsOf(state) {
  const swings = (constantsOf(state).oscillation[0] * state.last) / Math.PI;
  return Math.min(4001, Math.max(FEWEST, Math.ceil(10.38 * swings) + 1));
}
