// What the battery holds: quantumbattery.pair.closed_form, storage and thermodynamics.
//
// Energies are in units of the battery's frequency w, which is 1 here. All is a function of the
// transfer probability F: with s the charger's excited population the battery has p = s F, the
// inversion I = p - 1/2 and C^2 = s (1 - s) F. The forms are those in which no digit is lost.

const MEASURES = [
  "energy", "passive_energy", "active_energy", "ergotropy", "antiergotropy", "capacity",
  "energy_variance", "power", "passive_power", "ergotropic_power", "population",
  "population_inversion", "coherence", "concurrence",
];
const NOTHING_YET = 1e-100; // before this moment nothing has happened, and 1/t overflows soon
const TINY = 1e-300;

/** Excited and ground population of the charger, each to its last digit. */
function populations(theta) {
  const ground = theta >= Math.PI ? 0 : Math.cos(theta / 2);
  return [Math.sin(theta / 2) ** 2, ground ** 2];
}

/** `count` moments from 0 to `last`, as numpy.linspace gives them. */
function moments(last, count) {
  const step = last / (count - 1), all = Array.from({ length: count }, (_, i) => i * step);
  all[count - 1] = last;
  return all;
}

/** How the excitation moves, at one moment: what no preparation changes. */
function moved(point, motion, t) {
  const charged = Math.min(t, point.disconnect), stored = t - charged;
  let transfer = transferProbability(motion, charged);
  let rest = remainder(motion, charged, transfer); // 1 - F
  const [charger, battery] = amplitudes(motion, charged);
  let entangled = 2 * length(charger) * length(battery);
  if (stored > 0) { // from the disconnection on only the losses go on
    rest -= transfer * Math.expm1(-point.battery_loss * stored);
    transfer *= Math.exp(-point.battery_loss * stored);
    entangled *= Math.exp(-2 * motion.damping * stored);
  }
  return { transfer, rest, entangled };
}

/** All figures of merit of a preparation, by its populations, at one moment. */
function merits([excited, ground], { transfer, rest, entangled }, t) {
  const row = thermodynamics(excited, ground, transfer, rest, t > NOTHING_YET ? 1 / t : 0);
  row.concurrence = Math.min(excited * entangled, 1);
  return row;
}

function read(point, motion, t) {
  return merits(populations(point.theta), moved(point, motion, t), t);
}

/** All figures of merit at the given moments: an object of arrays, by measure. */
function charge(point, when) {
  const motion = constantsOf(point), times = Array.from(when);
  return tableOf(point.theta, times, times.map((t) => moved(point, motion, t)));
}

/** The same where the motion is known. */
function tableOf(theta, time, motions, names = MEASURES) {
  const table = { time }, prepared = populations(theta);
  for (const name of names) table[name] = new Array(time.length);
  motions.forEach((each, i) => {
    const row = merits(prepared, each, time[i]);
    for (const name of names) table[name][i] = row[name];
  });
  return table;
}

/** The thermodynamics of a qubit with population s F and squared coherence s (1 - s) F. */
function thermodynamics(excited, ground, transfer, rest, rate) {
  const energy = excited * transfer, squared = ground * energy, inversion = energy - 0.5;
  const radius = Math.sqrt(inversion * inversion + squared), size = Math.abs(inversion);
  const empty = ground + excited * rest;
  const passive = Math.min((energy * (excited * rest)) / (radius + 0.5), energy);
  const coherent = squared / Math.max(radius + size, TINY);
  const work = Math.min(inversion + size + coherent, energy);
  return {
    energy,
    passive_energy: passive,
    active_energy: Math.min(radius + 0.5, 1),
    ergotropy: work,
    antiergotropy: inversion - size - coherent,
    capacity: radius + radius,
    energy_variance: energy * empty,
    power: energy * rate,
    passive_power: passive * rate,
    ergotropic_power: work * rate,
    population: energy,
    population_inversion: inversion,
    coherence: Math.sqrt(squared),
  };
}

/**
 * The Bloch vectors [x, y, z] of charger and battery at one moment, seen from the frame that turns
 * with the battery's frequency. The ground state is at z = 1, the north pole.
 */
function blochVectors(point, motion, t) {
  const [excited, ground] = populations(point.theta);
  const charged = Math.min(t, point.disconnect), stored = t - charged;
  const both = amplitudes(motion, charged);
  const turns = [
    [point.phi - (point.detuning / 2) * charged - point.detuning * stored, point.charger_loss],
    [point.phi - (point.detuning / 2) * charged, point.battery_loss],
  ];
  return both.map((amplitude, i) => {
    const [angle, loss] = turns[i], size = Math.exp((-loss / 2) * stored);
    const [re, im] = multiplied(amplitude, [size * Math.cos(angle), size * Math.sin(angle)]);
    const coherence = 2 * Math.sqrt(excited * ground);
    return [coherence * re, coherence * im, 1 - 2 * excited * (re * re + im * im)];
  });
}
