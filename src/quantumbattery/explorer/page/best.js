// The best moments to disconnect: quantumbattery.pair.best_times, which has the reasons.
//
// The first maximum of F is the global one; the ergotropy rises with F, so both peak together. F/t
// peaks where t F'/F = 1, and the ergotropic power where t F'/F = W/(F dW/dF), between the two.

const SOUGHT = ["energy", "power", "ergotropy", "ergotropic_power"];

/** { energy: { time, max }, ... } of uninterrupted charging; the time is NaN where nothing is. */
function optimum(point) {
  const motion = constantsOf(point), peak = energyTime(motion);
  return optimumAt(motion, point.theta, peak, powerTime(motion, peak));
}

/** The charger's loss from which on a full charger fills no battery beyond half: NaN if none does. */
function usefulLoss(point) {
  const excess = (loss) => optimum({ ...point, theta: Math.PI, charger_loss: loss }).energy.max - 0.5;
  return excess(0) > 0 ? solve(excess, 0, point.charger_loss) : NaN;
}

/** The optima over many angles of preparation, on which the first two times do not depend. */
function optimaOver(point, thetas) {
  const motion = constantsOf(point), peak = energyTime(motion), power = powerTime(motion, peak);
  return thetas.map((theta) => optimumAt(motion, theta, peak, power));
}

function optimumAt(motion, theta, peak, power) {
  const [excited, ground] = populations(theta);
  const work = excited > 0 ? ergotropicPowerTime(motion, excited, ground, power, peak) : peak;
  const found = {};
  for (const [name, t] of [
    ["energy", peak], ["power", power], ["ergotropy", peak], ["ergotropic_power", work],
  ]) {
    const transfer = transferProbability(motion, t);
    const most = thermodynamics(excited, ground, transfer, 1 - transfer, 1 / t)[name];
    found[name] = { time: most > 0 ? t : NaN, max: most };
  }
  return found;
}

/** First instant of the largest F (paper, Eqs. 31 and 63), where t F'/F = 0. */
function energyTime(x) {
  const oscillation = x.oscillation[0];
  if (!(x.growth > 0)) return Math.atan2(oscillation, x.damping) / Math.max(oscillation, TINY);
  if (!(oscillation > 0)) {
    return Math.log1p((2 * x.growth) / Math.max(x.decay, TINY)) / (2 * x.growth);
  }
  // That moment may be very late (small R), so the search goes by the logarithm of the time.
  const begun = early(x), late = Math.log(((1.001 * Math.PI) / 2 / oscillation) / begun);
  return begun * Math.exp(solve((u) => logSlope(x, begun * Math.exp(u)), 0, late));
}

/** Instant of the largest F/t (paper, Eq. 34). */
function powerTime(x, peak) {
  return solve((t) => logSlope(x, t) - 1, early(x), peak);
}

/** Instant of the largest W/t; at the ends the condition may vanish, hence a little outside. */
function ergotropicPowerTime(x, excited, ground, power, peak) {
  const condition = (t) =>
    logSlope(x, t) - inverseElasticity(transferProbability(x, t), excited, ground);
  return solve(condition, 0.99 * power, 1.01 * peak);
}

/** W/(F dW/dF), between 0 and 1, in forms without cancellation. */
function inverseElasticity(transfer, excited, ground) {
  const population = excited * transfer, inversion = population - 0.5;
  const radius = Math.sqrt(inversion ** 2 + ground * population);
  const large = Math.max(radius + Math.abs(inversion), TINY);
  const steep = Math.max(radius + excited * Math.abs(transfer - 0.5), TINY);
  if (transfer < 0.5) return (4 * radius * steep) / ((1 + excited) * large);
  if (inversion < 0) return (ground * radius) / (large * steep);
  return (large * radius) / (Math.max(population, TINY) * steep);
}

/** A time before all the optima: the motion has hardly begun. */
function early(x) {
  return 0.1 / (x.coupling + length(x.offset) + x.damping);
}

/** The root of f between low and high, where it changes sign, to the last digit (Chandrupatla). */
function solve(f, low, high) {
  let [a, b] = [high, low], [fa, fb] = [f(a), f(b)], [c, fc] = [a, fa], share = 0.5;
  for (let turn = 0; turn < 200; turn++) {
    const t = a + share * (b - a), ft = f(t);
    if (Math.sign(ft) === Math.sign(fa)) [c, fc] = [a, fa];
    else [c, b, fc, fb] = [b, a, fb, fa];
    [a, fa] = [t, ft];
    const [best, least] = Math.abs(fa) < Math.abs(fb) ? [a, fa] : [b, fb];
    const limit = (2 * Number.EPSILON * Math.abs(best)) / Math.abs(b - c);
    if (limit > 0.5 || least === 0) return best;
    const xi = (a - b) / (c - b), flat = (fa - fb) / (fc - fb);
    share = 0.5;
    if (flat * flat < xi && (1 - flat) ** 2 < 1 - xi) {
      share = (fa / (fb - fa)) * (fc / (fb - fc));
      share += ((c - a) / (b - a)) * (fa / (fc - fa)) * (fb / (fc - fb));
    }
    share = Math.min(1 - limit, Math.max(limit, share));
  }
  return a;
}
