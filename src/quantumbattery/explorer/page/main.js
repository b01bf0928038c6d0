// Time that runs, files that are saved, and the start of it all.

const WHOLE = 8000; // ms for all the time shown

function play() {
  if (state.time >= state.last) set({ time: 0 }, false);
  let before = performance.now();
  const step = still.matches ? 500 : 0; // "reduce motion": a picture twice a second
  const tick = (now) => {
    if (!player) return;
    if (now - before >= step) {
      const time = state.time + ((now - before) / WHOLE) * state.last;
      before = now;
      set({ time: Math.min(time, state.last) }, false);
      if (time >= state.last) return pause();
    }
    player = requestAnimationFrame(tick);
  };
  player = requestAnimationFrame(tick);
  el("play").textContent = "Pause";
}

function pause() {
  if (!player) return;
  cancelAnimationFrame(player);
  player = 0;
  el("play").textContent = "Play";
  keep(false);
}

function picture() {
  return wholePicture(state, current(), turn, theme);
}

async function copy() {
  try {
    await navigator.clipboard.writeText(pythonOf(state));
    say("The lines are copied.");
  } catch { // where a browser does not let a page copy, it shows what to copy
    el("python").open = true;
    getSelection().selectAllChildren(el("code"));
    say("The lines are selected below; copy them from there.");
  }
}

function say(text) {
  el("said").textContent = text;
}

function made(tag, properties) {
  return Object.assign(document.createElement(tag), properties);
}

function drawnElement(tag, attributes = {}) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

function paint() {
  theme = THEMES[dark.matches ? "dark" : "light"];
  for (const [name, colour] of Object.entries(theme)) {
    if (name !== "curves") document.documentElement.style.setProperty(`--${name}`, colour);
  }
  show();
}

function choose(preset) {
  state = { ...FIRST, ...preset.state };
  errors = {};
  pause();
  show();
  keep(true);
  boxes[state.panel].element.scrollIntoView(
    { block: "nearest", behavior: still.matches ? "auto" : "smooth" });
}

/** The pair's map, whose state is the page's. */
function mapSource() {
  const kept = CONTROLS.map(({ key }) => key).filter((key) => !["last", "phi"].includes(key));
  return {
    axes: pairAxes,
    first: () => "charger_loss,theta,ergotropic_power_max",
    text: () => state.map,
    keep: (map) => set({ map }),
    here: (key) => state[key],
    open: (values) => set(values),
    units: (shown) => (shown.endsWith("time") ? "1/u" : shown.includes("power") ? "ħω u" : "ħω"),
    key: ({ x, y, shown }) => JSON.stringify([x, y, shown, shown.endsWith("_at") && state.time,
      ...kept.map((key) => (key === x || key === y ? "" : String(state[key])))]),
    work: (wanted, tell) => pairMap(wanted, state, pairAxes(), tell),
    name: () => "quantum-battery-map",
    caption: ({ x, y }) => captionParts(state, [x, y]),
    attributes: () => ({ title: "Charging a quantum battery from the Bloch sphere",
      explorer: addressOf(state) }),
  };
}

function begin() {
  makeControls();
  makePanels();
  makeSphere();
  mapBox = makeMapBox(el("map"), mapSource());
  PRESETS.forEach(({ name }, i) => el("presets").append(new Option(name, String(i))));
  el("presets").addEventListener("change", ({ target }) => {
    if (target.value) choose(PRESETS[Number(target.value)]);
  });
  el("five").addEventListener("change", ({ target }) => set({ five: target.checked }));
  el("play").addEventListener("click", () => (player ? pause() : play()));
  el("scrub").addEventListener("input", ({ target }) => {
    pause();
    set({ time: (Number(target.value) / 1000) * state.last }, false);
  });
  el("scrub").addEventListener("change", () => keep(false));
  el("copy").addEventListener("click", copy);
  const files = { csv: () => csvOf(current().table), nc: () => netcdfOf(state, current().table),
    svg: picture, png: picture };
  for (const [kind, make] of Object.entries(files)) {
    el(kind).addEventListener("click", () => save(`quantum-battery.${kind}`, make(), say));
  }
  el("reset").addEventListener("click", () => {
    errors = {};
    set(stateOf(START).state);
  });
  el("of-address").hidden = framed;
  addEventListener("popstate", restore);
  addEventListener("hashchange", restore);
  addEventListener("resize", () => show());
  dark.addEventListener("change", paint);
  paint();
}

begin();
// For tests and for whoever wants numbers from the console.
globalThis.quantumbattery = { charge, optimum, moments, constantsOf, blochVectors, stateOf,
  numberIn, mapNow: () => mapBox.now() };
