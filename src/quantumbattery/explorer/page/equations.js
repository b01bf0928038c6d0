// The equation behind each curve, and the numbers it has in the paper. `VERDICTS` says, by number,
// what the equation is about and what the ledger (quantumbattery.paper.verify) found of it.

const WAYS = {
  energy: ["energy E = ħω s F,  s = sin²(θ/2)", [17, 62]],
  transfer: [
    "F = (J/|G|)² |sin Gt|² exp(−(γ + γ_b) t/2),  G² = J² + x²,  x = Δ/2 − i(γ − γ_b)/4", [61, 62]],
  passive: ["passive-state energy = ħω (1/2 − r),  r = √(I² + C²)", [18, 48]],
  ergotropy: ["ergotropy = ħω (I + r)", [50, 69]],
  mechanisms: ["inversion I = s F − 1/2,  coherence C = √(s (1 − s) F)", [46]],
  capacity: ["capacity = 2 ħω r", [52, 70]],
  powers: ["each power = what is gained by t, over t", [7, 12]],
  concurrence: [
    "concurrence = 2 s |c_a c_b|,  c_b = −iJ sin(Gt)/G,  c_a = cos Gt − ix sin(Gt)/G, both times " +
    "exp(−(γ + γ_b) t/4)", [59]],
  peak: ["most energy and ergotropy: F′ = 0, without detuning Gt = arctan(4G/(γ + γ_b))", [31, 63]],
  fastest: ["most power: t F′/F = 1", [34, 67]],
  worth: ["most ergotropic power W/t: t F′/F = W/(F dW/dF)", [42, 44]],
  timeFit: ["the paper's fit of the time of the most ergotropic power", [43]],
  valueFit: ["the paper's fit of the most ergotropic power", [45]],
};

const BEHIND = {
  energies: ["energy", "transfer", "passive", "ergotropy", "mechanisms"],
  powers: ["powers", "energy", "ergotropy"],
  origin: ["mechanisms", "transfer", "ergotropy", "capacity"],
  entanglement: ["concurrence"],
  times: ["peak", "fastest", "worth", "timeFit"],
  maxima: ["ergotropy", "peak", "fastest", "worth", "valueFit"],
};

/** The equations of a panel: [formula, [what the ledger says of each number in the paper]]. */
function equationsOf(panel) {
  return BEHIND[panel.id].map((way) => {
    const [formula, numbers] = WAYS[way];
    return [formula, numbers.map((number) => {
      const { title, status } = VERDICTS[number];
      return `Eq. ${number}, ${title}: ${status}`;
    })];
  });
}
