// The panels of the paper's figures, and what Sec. 8 says of loss, as states of the page.

const PRESETS = (() => {
  const lossless = { charger_loss: 0, phi: 0 }, pi = Math.PI;
  const all = ["passive_energy", "ergotropy", "passive_power", "ergotropic_power"];
  const figure = (name, panel, theta, more = {}) =>
    ({ name, state: { ...lossless, theta, panel, ...more } });
  return [
    figure("Fig. 2(a): energy, five angles", "energies", pi, { five: true, hidden: all }),
    figure("Fig. 2(b): power, five angles", "powers", pi, { five: true, hidden: all }),
    figure("Fig. 2(c): most energy and power over θ", "maxima", pi / 2,
      { hidden: ["ergotropy", "ergotropic_power", "fit"] }),
    figure("Fig. 3(a): energies, θ = π/2", "energies", pi / 2),
    figure("Fig. 3(b): powers, θ = π/2", "powers", pi / 2),
    figure("Fig. 3(c): energies, θ = π", "energies", pi),
    figure("Fig. 3(d): powers, θ = π", "powers", pi),
    figure("Fig. 3(e): best times over θ", "times", pi / 2),
    figure("Fig. 3(f): largest values over θ", "maxima", pi / 2),
    figure("Fig. 4(a): origin of ergotropy, θ = π/2", "origin", pi / 2),
    figure("Fig. 4(b): origin of ergotropy, θ = π", "origin", pi),
    figure("Fig. 4(c): concurrence, five angles", "entanglement", pi, { five: true }),
    figure("Sec. 8: a lossy charger, γ = J/2", "energies", pi, { charger_loss: 0.5 }),
    figure("Sec. 8: exceptional point, γ = 4J", "energies", pi / 2, { charger_loss: 4 }),
    figure("Storage: disconnect at the best time, lossy battery", "energies", pi / 2,
      { battery_loss: 0.2, disconnect: 1.4, last: 10 }),
  ];
})();
