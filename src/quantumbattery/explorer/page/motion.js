// How one excitation moves between charger and battery: quantumbattery.pair.transfer, line by line.
//
// With x = d/2 - i (g_a - g_b)/4 and G = sqrt(J^2 + x^2) = R + i Y the battery's amplitude is
// -i J sin(G t)/G. Strong, critical and weak coupling are one formula, in which no two numbers
// nearly cancel. R has twice the digits of a number here, since every digit shows in R t.

const CRITICAL = 1e-100; // stands for G at the exceptional point, where sin(G t)/G is t

// --- numbers of twice the length: [high, low], their sum exact to about 32 digits ----------------

function twoSum(a, b) {
  const sum = a + b, part = sum - a;
  return [sum, (a - (sum - part)) + (b - part)];
}

function twoProduct(a, b) {
  const product = a * b, [ah, al] = halves(a), [bh, bl] = halves(b);
  return [product, ((ah * bh - product) + ah * bl + al * bh) + al * bl];
}

function halves(a) {
  const large = 134217729 * a, high = large - (large - a);
  return [high, a - high];
}

function add(a, b) {
  const [high, low] = twoSum(a[0], b[0]);
  return twoSum(high, low + a[1] + b[1]);
}

function times(a, b) {
  const [high, low] = twoProduct(a[0], b[0]);
  return twoSum(high, low + a[0] * b[1] + a[1] * b[0]);
}

function over(a, b) {
  const first = a[0] / b[0], rest = add(a, scaled(times(b, [first, 0]), -1));
  return twoSum(first, rest[0] / b[0]);
}

function scaled(a, power) { // exact for powers of two and their negatives
  return [a[0] * power, a[1] * power];
}

function root(a) {
  if (!(a[0] > 0)) return [0, 0];
  const first = Math.sqrt(a[0]), rest = add(a, scaled(twoProduct(first, first), -1));
  return twoSum(first, rest[0] / (2 * first));
}

// --- the constants of the motion -----------------------------------------------------------------

/** J, x, G = R + i Y, J/|G|, the mean and the slowest decay rate of the amplitudes. */
function constantsOf(pair) {
  const j = pair.coupling, half = pair.detuning / 2;
  const quarter = scaled(twoSum(pair.charger_loss, -pair.battery_loss), 0.25);
  const wide = quarter[0] < 0 ? scaled(quarter, -1) : quarter, width = wide[0];
  // G^2 = J^2 + x^2; the factored difference is exact next to the exceptional point.
  const factors = times(add([j, 0], scaled(wide, -1)), add([j, 0], wide));
  const real = add(factors, twoProduct(half, half));
  const imaginary = times([2 * Math.abs(half), 0], wide);
  const size = root(add(times(real, real), times(imaginary, imaginary)));
  let oscillation, growth;
  if (real[0] >= 0) {
    oscillation = root(scaled(add(size, real), 0.5));
    growth = oscillation[0] > 0 ? over(imaginary, scaled(oscillation, 2))[0] : 0;
  } else {
    const swell = root(scaled(add(size, scaled(real, -1)), 0.5));
    growth = swell[0];
    oscillation = over(imaginary, scaled(swell, 2));
  }
  const floor = CRITICAL * j, modulus = Math.max(Math.sqrt(size[0]), floor);
  // Nothing beside the other part of G, or beside J, is nothing.
  const critical = modulus === floor, nothing = CRITICAL * modulus;
  if (critical || growth < nothing) growth = 0;
  if (critical) oscillation = [floor, 0];
  else if (oscillation[0] < nothing) oscillation = [0, 0];
  // width - |Y| from the product (width - |Y|)(width + |Y|), in which no digit is lost.
  const product = width * j, total = j * j + half * half + width * width + modulus * modulus;
  const slower = (2 * product * product) / (total * Math.max(width + growth, CRITICAL));
  return {
    coupling: j,
    offset: [half, -quarter[0]],
    oscillation,
    growth,
    contrast: j / modulus,
    damping: (pair.charger_loss + pair.battery_loss) / 4,
    decay: Math.min(pair.charger_loss, pair.battery_loss) / 2 + slower,
  };
}

/** R t, rounded once. */
function phase(x, t) {
  const [high, low] = twoProduct(x.oscillation[0], t);
  return high + (low + x.oscillation[1] * t);
}

// --- what moves ----------------------------------------------------------------------------------

/** F(t), the probability that the excitation has moved to the battery (paper, Eq. 69: f^2). */
function transferProbability(x, t) {
  const scale = Math.exp(-x.decay * t) * x.contrast, fading = Math.expm1(-2 * x.growth * t);
  return (0.5 * scale * fading) ** 2 + (scale * Math.sin(phase(x, t))) ** 2 * (1 + fading);
}

/** 1 - F(t), with all its digits where F comes close to 1. */
function remainder(x, t, transfer) {
  const [a, b] = [x.offset[0] / x.coupling, x.offset[1] / x.coupling];
  const relative = [a * a - b * b, 2 * a * b]; // (G/J)^2 - 1
  const swell = x.growth * t, square = relative[0] ** 2 + relative[1] ** 2;
  if (!(square < 0.25 && swell < 1)) return 1 - transfer;
  const lack = -Math.expm1(-0.5 * Math.log1p(2 * relative[0] + square) - 2 * x.damping * t);
  const angle = phase(x, t);
  return Math.cos(angle) ** 2 + lack * Math.sin(angle) ** 2 - (1 - lack) * Math.sinh(swell) ** 2;
}

/** c_a(t) and c_b(t), [real, imaginary], without the phase e^{-i (w + d/2) t} that both share. */
function amplitudes(x, t) {
  const sign = x.offset[0] * x.offset[1] < 0 ? -1 : 1;
  const g = [sign * x.oscillation[0], x.growth]; // G with a positive imaginary part
  const angle = (Math.sign(g[0]) || 0) * phase(x, t), fading = Math.expm1(-2 * x.growth * t);
  const fade = Math.exp(-x.decay * t), cos = Math.cos(angle), sin = Math.sin(angle);
  const cosine = [fade * cos * (1 + fading / 2), fade * 0.5 * sin * fading];
  const sine = divided([fade * sin * (1 + fading / 2), -fade * 0.5 * cos * fading], g);
  const battery = [x.coupling * sine[1], -x.coupling * sine[0]];
  if (x.growth * t < 1) {
    const turned = multiplied(x.offset, sine);
    return [[cosine[0] + turned[1], cosine[1] - turned[0]], battery];
  }
  // Once the part e^{Y t} has grown the two terms nearly cancel; the sign k leaves nothing to.
  const minus = difference(x.offset, g), plus = difference(x.offset, [-g[0], -g[1]]);
  const k = length(minus) >= length(plus) ? 1 : -1;
  const size = Math.exp(-(x.decay + (1 + k) * x.growth) * t);
  const rest = multiplied(divided([0, x.coupling ** 2], k > 0 ? minus : plus), sine);
  return [[size * cos + rest[0], k * size * sin + rest[1]], battery];
}

/** Logarithmic slope t F'(t)/F(t): 2 at t = 0, 1 at the peak of F/t, 0 at the peak of F. */
function logSlope(x, t) {
  const angle = phase(x, t), swell = x.growth * t, fading = Math.expm1(-2 * swell);
  const sine = Math.sin(angle);
  const top = angle * Math.sin(2 * angle) - 2 * swell * sine ** 2 - swell * fading;
  const bottom = 2 * (sine ** 2 * (1 + fading) + 0.25 * fading ** 2);
  return 2 * (((1 + fading) * top) / bottom - x.decay * t);
}

function multiplied(a, b) {
  return [a[0] * b[0] - a[1] * b[1], a[0] * b[1] + a[1] * b[0]];
}

function divided(a, b) {
  const large = Math.max(Math.abs(b[0]), Math.abs(b[1])); // else the squares of G vanish
  const c = [b[0] / large, b[1] / large], square = c[0] * c[0] + c[1] * c[1];
  const above = multiplied(a, [c[0], -c[1]]);
  return [above[0] / square / large, above[1] / square / large];
}

function difference(a, b) {
  return [a[0] - b[0], a[1] - b[1]];
}

function length(a) {
  return Math.sqrt(a[0] * a[0] + a[1] * a[1]);
}
