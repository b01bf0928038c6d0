// The box of a map: what it shows is chosen, and a click opens its point. Both views have one.
//
// `source` says how: axes() that there are, first "x,y,shown", text() of the state and keep(text)
// of a new one, here(key) and open({ key: value }), work(map, tell) that starts to work out the
// values, calls `tell` with each better map and returns how to stop, and units(shown).

function makeMapBox(host, source) {
  const box = mapElements(host);
  let key = "", stop = null, map = null;
  const chosen = () => mapOf(source.text(), source.axes());
  const axis = (name) => source.axes().find((each) => each.key === name);
  function lookOfMap(wanted) {
    const title = `${box.shown.selectedOptions[0].textContent}`, unit = source.units(wanted.shown);
    return { x: axis(wanted.x), y: axis(wanted.y), unit, value: digits, title,
      best: wanted.shown.endsWith("_time") ? null : highest(map),
      here: [source.here(wanted.x), source.here(wanted.y)] };
  }

  function draw() {
    const wanted = chosen();
    if (!wanted || !map) return;
    const width = box.picture.clientWidth || 480, height = box.picture.clientHeight || 320;
    const look = lookOfMap(wanted);
    box.picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
    box.picture.innerHTML = drawnMap(map, look, width, height, theme);
    box.picture.setAttribute("aria-label", mapInWords(map, look, box.shown));
    box.best.disabled = !look.best;
    for (const button of Object.values(box.files)) button.disabled = !map.whole;
    box.told.textContent = map.whole ? mapInWords(map, look, box.shown)
      : "The map is being worked out …";
  }

  /** Bring the box up to date; what is worked out is begun anew only if something else is asked. */
  function show() {
    const wanted = chosen();
    box.body.hidden = !wanted;
    box.head.setAttribute("aria-expanded", String(Boolean(wanted)));
    if (!wanted) {
      if (stop) stop();
      [stop, key, map] = [null, "", null];
      return;
    }
    fillAxes(box, source.axes(), wanted);
    const now = source.key(wanted);
    if (now !== key) {
      if (stop) stop();
      if (!map || map.names !== `${wanted.x},${wanted.y}`) {
        box.picture.replaceChildren();
        box.told.textContent = "The map is being worked out …";
      }
      map = null;
      key = now;
      box.refused.textContent = "";
      stop = source.work(wanted, (better) => {
        map = { ...better, names: `${wanted.x},${wanted.y}` };
        draw();
      }, (sentence) => {
        box.refused.textContent = sentence;
        if (!map) box.told.textContent = "";
      });
    }
    draw();
  }

  for (const [kind, button] of Object.entries(box.files)) {
    button.addEventListener("click", () => {
      const wanted = chosen(), look = lookOfMap(wanted), drawn = () =>
        mapPicture(map, look, source.caption(wanted), theme);
      const make = { csv: () => mapCsv(map, wanted), png: drawn, svg: drawn,
        nc: () => mapNetcdf(map, wanted, look, source.attributes()) };
      save(`${source.name()}.${kind}`, make[kind](), (text) => { box.said.textContent = text; });
    });
  }
  mapChosen(box, chosen, () => map, source);
  mapPointed(box, () => map && { map, wanted: chosen(), x: axis(chosen().x), y: axis(chosen().y) },
    source);
  return { show, draw, now: () => map };
}

/** Choices, the head that opens the box, and the button that opens the best point. */
function mapChosen(box, chosen, now, source) {
  for (const [value, text] of shownChoices()) box.shown.append(new Option(text, value));
  const change = () => {
    const before = chosen(), x = box.x.value;
    let y = box.y.value;
    if (x === y) y = before.x === x ? before.y : before.x; // they change places
    source.keep([x, y, box.shown.value].join(","));
  };
  for (const name of ["x", "y", "shown"]) box[name].addEventListener("change", change);
  box.head.addEventListener("click", () => source.keep(source.text() ? "" : source.first()));
  box.best.addEventListener("click", () => {
    const best = now() && highest(now()), { x, y } = chosen();
    const exact = (key, value) => {
      const axis = source.axes().find((each) => each.key === key);
      return axis.angle ? stepped(axis, value) : Number(value.toPrecision(12));
    };
    if (best) source.open({ [x]: exact(x, best.x), [y]: exact(y, best.y) });
  });
}

function mapElements(host) {
  const head = made("button", { type: "button", className: "map-head",
    textContent: "A map over two parameters" });
  const body = made("div", { className: "map-body" }), row = made("div", { className: "map-row" });
  const box = { head, body };
  const words = [["shown", "show"], ["y", "over"], ["x", "and"]];
  for (const [name, text] of words) {
    const label = made("label", { textContent: `${text} ` });
    box[name] = made("select", {});
    label.append(box[name]);
    row.append(label);
  }
  box.best = made("button", { type: "button", textContent: "Open the best point" });
  row.append(box.best);
  box.files = {};
  const files = made("div", { className: "actions" });
  for (const [kind, text] of [["csv", "CSV"], ["nc", "NetCDF"], ["png", "PNG"], ["svg", "SVG"]]) {
    box.files[kind] = made("button", { type: "button", textContent: text, disabled: true });
    box.files[kind].setAttribute("aria-label", `the map as ${text}`);
    files.append(box.files[kind]);
  }
  box.said = made("span", { className: "said" });
  box.said.setAttribute("role", "status");
  row.append(files, box.said);
  box.refused = made("p", { className: "error" });
  box.refused.setAttribute("role", "alert");
  box.picture = drawnElement("svg", { role: "img", tabindex: "0", class: "map-picture",
    "aria-label": "Map" });
  box.told = made("p", { className: "note" });
  box.pointed = made("p", { className: "note map-pointed", textContent:
    "A click opens a point; with the keyboard the arrow keys move it." });
  body.append(row, box.refused, box.picture, box.told, box.pointed);
  const panel = made("article", { className: "panel map-panel" });
  panel.append(head, body);
  host.append(panel);
  return box;
}

function fillAxes(box, axes, wanted) {
  for (const name of ["x", "y"]) {
    const list = box[name], texts = axes.map(({ key, label: text }) => `${key}|${text}`).join();
    if (list.dataset.texts !== texts) {
      list.replaceChildren(...axes.map((each) => new Option(each.label, each.key)));
      list.dataset.texts = texts;
    }
    list.value = wanted[name];
  }
  box.shown.value = wanted.shown;
}

/** What the map says, in words. */
function mapInWords(map, look, list) {
  const what = list.selectedOptions[0].textContent;
  const there = ({ label: text, unit, angle }, value) =>
    `${text} = ${shownText(angle ? fromDegrees(Math.round((value * 180) / Math.PI))
      : Number(value.toPrecision(4)), angle)}${unit ? ` ${unit}` : ""}`;
  if (!look.best) return `Map of the ${what}; where it is empty there is none.`;
  const never = list.value.endsWith("_time"), gaps = map.rows.flat().some(Number.isNaN);
  const empty = never ? "there is no best time" : "no such system exists";
  return `Map of the ${what}: highest ${`${digits(look.best.value)} ${look.unit}`.trim()} at ` +
    `${there(look.x, look.best.x)}, ${there(look.y, look.best.y)} (star).` +
    `${gaps ? ` Where it is empty ${empty}.` : ""}`;
}

/** A value of an axis as its slider would have it. */
function stepped(axis, value) {
  const [low, high] = axis.range, kept = Math.min(high, Math.max(low, value));
  if (axis.angle) return fromDegrees(Math.round((kept * 180) / Math.PI));
  return Number((Math.round(kept / axis.step) * axis.step).toPrecision(10));
}

/** Clicks, hovering and arrow keys. */
function mapPointed(box, now, source) {
  const place = (event) => {
    const { map, wanted, x, y } = now(), { left, top } = box.picture.getBoundingClientRect();
    const scales = mapScales(map, box.picture.clientWidth, box.picture.clientHeight);
    const at = scales.back(event.clientX - left, event.clientY - top);
    return { map, wanted, values: [stepped(x, at[0]), stepped(y, at[1])], axes: [x, y] };
  };
  const say = ({ map, values, axes }) => {
    const parts = axes.map(({ label: text, angle }, i) => `${text} = ${shownText(values[i], angle)}`);
    const value = valueAt(map, ...values), never = box.shown.value.endsWith("_time");
    box.pointed.textContent = `${parts.join(", ")}: ` +
      `${Number.isNaN(value) && map.whole && !never ? "no such system exists" : digits(value)}`;
  };
  box.picture.addEventListener("pointermove", (event) => now() && say(place(event)));
  box.picture.addEventListener("click", (event) => {
    if (!now()) return;
    const { wanted, values } = place(event);
    source.open({ [wanted.x]: values[0], [wanted.y]: values[1] });
  });
  box.picture.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[
      event.key];
    if (!step || !now()) return;
    event.preventDefault();
    const { map, wanted, x, y } = now();
    const values = [x, y].map((axis, i) => {
      const far = Math.max(axis.step, (axis.range[1] - axis.range[0]) / 40);
      return stepped(axis, source.here(axis.key) + step[i] * far);
    });
    source.open({ [wanted.x]: values[0], [wanted.y]: values[1] });
    say({ map, values, axes: [x, y] });
  });
}

/** The pair's map, worked out in slices between pictures; `tell` gets it coarse, then whole. */
function pairMap(wanted, point, axes, tell) {
  const find = (key) => axes.find((axis) => axis.key === key).range;
  const turned = wanted.y === "theta"; // rows along theta share what no angle changes
  const [along, across] = turned ? [wanted.y, wanted.x] : [wanted.x, wanted.y];
  const [m, n] = turned ? [...MAP_SIZE].reverse() : MAP_SIZE;
  const [first, second] = [evenly(find(along), m), evenly(find(across), n)], rows = [];
  let waiting = 0;
  const work = () => {
    const until = performance.now() + 12;
    while (rows.length < n && performance.now() < until) {
      rows.push(pairRow({ ...point, [across]: second[rows.length] }, along, first, wanted.shown));
    }
    if (rows.length < n) waiting = requestAnimationFrame(work);
    else {
      const flipped = first.map((_, i) => rows.map((row) => row[i]));
      tell(turned ? { xs: second, ys: first, rows: flipped, whole: true }
        : { xs: first, ys: second, rows, whole: true });
    }
  };
  const begun = setTimeout(work, 50); // as long as a hand moves, it would be for nothing
  return () => {
    clearTimeout(begun);
    cancelAnimationFrame(waiting);
  };
}
