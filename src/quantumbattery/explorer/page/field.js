// The view of all systems: from a state to a question, and from the answer to the screen.

const fieldPage = Array.from(crypto.getRandomValues(new Uint32Array(4)), (n) => n.toString(36))
  .join("-"); // this page, by a name that no other has
const GONE = "There is no answer: is `quantumbattery explore` running?";
const systemAsker = makeAsker("system"), mapAsker = makeAsker("map");
let field = null, answer = null, refused = {}, fieldMap = null, fieldPlayer = 0, asked = "";
let slowBefore = false, rowsOf = "", fieldFields = {}, begunAt = 0, patience = 0, fresh = false, fieldBoxes = [];

// --- between the views ---------------------------------------------------------------------------

const LEADS = [document.querySelector("header > p").textContent,
  "Chargers, mediators, fields and baths charge batteries of one cell or of many: the systems of " +
  "the literature, with every number in reach. How much can be stored, how fast, and how much of " +
  "it is work?"];

/** Show the view that the address names. */
function showView() {
  const here = !isOfPair(location.hash);
  document.querySelector("header > p").textContent = LEADS[Number(here)];
  el("pair").hidden = here;
  el("field").hidden = !here;
  for (const [name, current] of [["to-pair", !here], ["to-field", here]]) {
    if (current) el(name).setAttribute("aria-current", "page");
    else el(name).removeAttribute("aria-current");
  }
  if (here) {
    pause();
    if (!field || addressOfField(field) !== location.hash) field = fieldOf(location.hash);
    el("to-field").href = addressOfField(field);
    showField();
  } else {
    pauseField();
    [systemAsker, mapAsker].forEach((asker) => asker.drop());
    asked = "";
    el("to-pair").href = addressOf(state);
    restore();
    show();
  }
}

/** Take new values; `step` is a step of the history. */
function setField(values, step = true) {
  field = { ...field, ...values };
  if (step) keepField("pushState");
  showField();
}

function keepField(how) {
  const address = addressOfField(field);
  if (address !== location.hash && !isOfPair(location.hash)) history[how](null, "", address);
  el("to-field").href = address;
}

/** A control was moved. */
function changeField(key, text, step) {
  refused = {};
  text = text.replaceAll("°", "deg").replaceAll("π", "pi");
  if (key === "state") {
    const own = Object.entries(field.values).filter(([name]) => !name.startsWith("start."));
    setField({ state: text, values: Object.fromEntries(own), map: kept({ state: text }) }, step);
  } else if (FIELD_SWITCHES.includes(key)) setField({ [key]: text }, step);
  else setField({ values: { ...field.values, [key]: text } }, step);
}

/** The map, if its axes are still there. */
function kept(values) {
  return mapOf(field.map, fieldAxes({ ...field, ...values, values: {} })) ? field.map : "";
}

// --- from a state to the screen ------------------------------------------------------------------

function showField() {
  drawFieldControls();
  const question = askedOf(field, fieldPage), text = JSON.stringify(question);
  if (text !== asked) {
    asked = text;
    fresh = false;
    begunAt = performance.now();
    clearInterval(patience);
    patience = setInterval(drawProgress, 100);
    systemAsker.ask(question, take);
  }
  if (answer) drawField();
  fieldMap.show();
}

/** One line of an answer. */
function take(line) {
  if (line.refused && fresh) { // the curves are there, and only the best times are not
    take({ uncertified: Object.values(line.refused).join(" "), code: answer.code });
  } else if (line.refused || line.lost) {
    refused = line.refused || { "": GONE };
    asked = line.lost ? "" : asked;
  } else if (line.table) {
    refused = {};
    fresh = true;
    answer = { ...readAnswer(line), of: field.model, certified: "" };
  } else if (line.certified) {
    for (const [name, each] of Object.entries(line.certified)) answer.best[name] = readBest(each);
    answer.certified = "yes";
    answer.notes = [...line.notes, ...answer.notes];
  } else if (line.uncertified) {
    Object.assign(answer, { certified: line.uncertified, code: line.code });
  }
  if (line.ended && asked && !Object.keys(refused).length) { // does it end before its last line?
    if (!fresh) [refused, asked] = [{ "": GONE }, ""];
    else if (!answer.certified) [answer.certified, asked] = [`The search broke off. ${GONE}`, ""];
  }
  if (line.ended || line.refused || line.lost) {
    clearInterval(patience);
    patience = 0;
  }
  drawFieldControls();
  if (answer) drawField();
  drawProgress();
  fieldMap.draw();
}

function drawProgress() {
  const seconds = (performance.now() - begunAt) / 1000, busy = Boolean(patience);
  const slow = busy && seconds > 0.19; // a word within 300 ms; what is shown is old a little later
  el("field-stop").hidden = !slow;
  const what = fresh ? "looking for the best times" : "working it out";
  el("field-progress").textContent = slow ? `${what} … ${seconds.toFixed(0)} s` : "";
  if ((busy && seconds > 0.4) !== slowBefore) markOld(!slowBefore);
}

/** Mark what is of the values before, by a word and a hatch: it stays as legible as it was. */
function markOld(slow) {
  slowBefore = slow;
  const old = Boolean(answer) && isOld(slow);
  for (const name of ["panels", "verdict"]) el(`field-${name}`).classList.toggle("old", old);
  el("field-old").hidden = !old;
}

function isOld(slow = slowBefore) {
  return answer.of !== field.model || Object.keys(refused).length > 0 || (slow && !fresh);
}

function drawFieldControls() {
  const rows = fieldRows(field), shape = JSON.stringify([field.model, field.state]);
  if (shape !== rowsOf) makeFieldRows(rows, shape);
  el("field-model").value = field.model;
  const { title, says } = modelOf(field);
  el("field-title").textContent = title;
  el("field-says").replaceChildren(...lettered("span", says).childNodes);
  el("field-unit").textContent = `${modelOf(field).unit} is ${unitSaid(field)}; ħ = 1.`;
  for (const row of rows) {
    const { slider, box, error } = fieldFields[row.key], sentence = refused[row.key] || "";
    if (slider) {
      if (row.key === "disconnect") slider.max = String(lastOf(field));
      const value = sliderNumber(row, row.text);
      slider.value = String(Number.isFinite(value) ? value : slider.max);
      slider.setAttribute("aria-valuetext", row.text);
    }
    if (!box.dataset.typed) box.value = readable(row); // what is just being written is left alone
    box.setAttribute("aria-invalid", String(Boolean(sentence)));
    if (error.textContent !== sentence) error.textContent = sentence;
  }
  const rest = Object.entries(refused).filter(([key]) => !fieldFields[key]).map(([, text]) => text);
  const wrong = Object.keys(refused).length;
  const said = !rest.length && wrong && !answer
    ? "Nothing can be worked out before the marked values are mended." : rest.join(" ");
  el("field").classList.toggle("nothing", !answer);
  for (const name of ["copy", ...Object.keys(FIELD_FILES)]) el(`field-${name}`).disabled = !answer;
  if (el("field-refused").textContent !== said) el("field-refused").textContent = said;
}

/** A control's text as it stands in its box. */
function readable({ kind, text }) {
  return kind === "list" ? text : text.replaceAll("pi", "π").replace("deg", "°");
}

function makeFieldRows(rows, shape) {
  rowsOf = shape;
  fieldFields = {};
  el("field-rows").replaceChildren(...rows.map((each) => {
    const { row, fields: own } = controlRow(each, changeField);
    fieldFields[each.key] = own;
    return row;
  }));
}

function drawField() {
  const { unit } = modelOf(field), old = isOld();
  markOld(slowBefore);
  for (const box of fieldBoxes) drawFieldPanel(box, field, answer);
  el("field-best").replaceChildren(...bestRows(answer.best, field,
    (disconnect) => changeField("disconnect", disconnect, true)));
  el("field-at").textContent = `at t (1/${unit})`;
  const words = { "": `Of the moments shown; the certified ones are looked for.`,
    yes: `Certified: no other moment up to t = ${digits(answer.table.time.at(-1))}/${unit} is better` +
      `${Number.isFinite(endOf(field)) ? ", if nothing is disconnected before" : ""}.` };
  const why = answer.certified.replace(/^./, (letter) => letter.toUpperCase());
  el("field-certified").textContent = old ? "Of the values before, as the curves, file and lines are."
    : words[answer.certified] ?? `The largest of the moments shown. ${why.replace(/\.?$/, ".")}`;
  if (el("field-code").textContent !== answer.code) el("field-code").textContent = answer.code;
  el("field-how").textContent = answer.notes[0] || "";
  el("field-notes").replaceChildren(...answer.notes.map(
    (text) => made("li", { textContent: text })));
  drawTime();
}

/** What changes with the moment alone: cursors, values, and how full the sites are. */
function drawTime() {
  const time = field.time * answer.table.time.at(-1);
  for (const box of fieldBoxes) drawFieldMoment(box, field, answer);
  const wide = Math.max(260, el("field-network").clientWidth);
  el("field-network").setAttribute("viewBox", `0 0 ${networkSize(answer.network, wide).join(" ")}`);
  el("field-network").innerHTML = drawnNetwork(answer.network, fullAt(answer, field.time), theme, wide);
  el("field-network").setAttribute("aria-label", networkInWords(answer.network));
  el("field-scrub").value = String(Math.round(1000 * field.time));
  el("field-scrub").setAttribute("aria-valuetext", `t = ${digits(time)}`);
  el("field-moment").textContent = `t = ${time.toFixed(2)}`;
}

// --- time ----------------------------------------------------------------------------------------

function moveTime(part) {
  field = { ...field, time: Math.round(1000 * Math.min(1, Math.max(0, part))) / 1000 };
  if (answer) drawTime();
  if (field.map.endsWith("_at")) fieldMap.show();
}

function playField() {
  let before = performance.now(), part = field.time >= 1 ? 0 : field.time;
  el("field-play").textContent = "Pause";
  const tick = (now) => {
    if (!fieldPlayer) return;
    if (now - before >= (still.matches ? 500 : 0)) {
      part += (now - before) / WHOLE;
      before = now;
      moveTime(part);
      if (part >= 1) return pauseField();
    }
    fieldPlayer = requestAnimationFrame(tick);
  };
  fieldPlayer = requestAnimationFrame(tick);
}

function pauseField() {
  if (!fieldPlayer) return;
  cancelAnimationFrame(fieldPlayer);
  fieldPlayer = 0;
  el("field-play").textContent = "Play";
  keepField("replaceState");
}

// --- the map, and the start ----------------------------------------------------------------------

function fieldMapSource() {
  const moment = () => field.time * lastOf(field);
  return {
    axes: () => fieldAxes(field),
    first: () => {
      const axes = fieldAxes(field), plain = axes.filter(({ whole }) => !whole), [x, y] = plain;
      return `${x.key},${(y || axes.find((each) => each !== x) || x).key},ergotropy_max`;
    },
    text: () => field.map,
    keep: (map) => setField({ map }),
    here: (key) => fieldHere(field, key),
    open: (point) => setField({ values: valuesAt(field, point) }),
    units: (shown) => (shown.endsWith("time") ? `1/${modelOf(field).unit}`
      : unitOf(shown.split("_at")[0], field)),
    key: ({ x, y, shown }) => {
      const zero = { [x]: 0, [y]: 0 }, same = { ...field, values: valuesAt(field, zero) };
      return JSON.stringify([askedOf(same, ""), x, y, shown, shown.endsWith("_at") && field.time]);
    },
    work: (wanted, tell, refuse) => {
      let map = null;
      mapAsker.ask(mapAsked(field, wanted, fieldPage, moment()), (line) => {
        if (line.x) map = finer(map, line.x.map(Number), line.y.map(Number));
        else if (line.values) {
          map = withRows(map, line.row, line.values.map((row) => row.map(Number)));
          tell(map);
        } else if (line.ended && map) tell({ ...map, whole: true });
        else if (line.refused) refuse(Object.values(line.refused).join(" "));
        else if (line.lost) refuse(GONE);
      });
      return () => mapAsker.drop();
    },
    name: () => `${field.model}-map`,
    caption: ({ x, y }) => fieldCaption(field, [x, y]),
    attributes: () => ({ title: modelOf(field).title, explorer: addressOfField(field) }),
  };
}

async function copyField() {
  try {
    await navigator.clipboard.writeText(answer.code);
    el("field-said").textContent = "The lines are copied.";
  } catch {
    el("field-code").parentElement.open = true;
    getSelection().selectAllChildren(el("field-code"));
    el("field-said").textContent = "The lines are selected below; copy them from there.";
  }
}

const FIELD_FILES = { csv: () => fieldCsv(answer), nc: () => fieldNetcdf(field, answer),
  png: () => fieldPicture(field, answer, theme), svg: () => fieldPicture(field, answer, theme) };

function beginField() {
  for (const { name, title } of MODELS) {
    el("field-model").append(new Option(`${name.replaceAll("_", " ")}: ${title}`, name));
  }
  el("field-model").addEventListener("change", ({ target }) => {
    refused = {};
    setField({ ...firstOf(target.value), hidden: field.hidden });
  });
  fieldBoxes = FIELD_PANELS.map((panel) => fieldPanel(panel,
    (name) => setField({ hidden: toggled(field.hidden, name) }), (part) => moveTime(part)));
  el("field-panels").append(...fieldBoxes.map(({ element }) => element));
  fieldMap = makeMapBox(el("field-map"), fieldMapSource());
  el("field-play").addEventListener("click", () => (fieldPlayer ? pauseField() : playField()));
  el("field-scrub").addEventListener("input", ({ target }) => {
    pauseField();
    moveTime(Number(target.value) / 1000);
  });
  el("field-scrub").addEventListener("change", () => keepField("replaceState"));
  el("field-copy").addEventListener("click", copyField);
  for (const [kind, make] of Object.entries(FIELD_FILES)) {
    el(`field-${kind}`).addEventListener("click", () => save(`${field.model}.${kind}`, make(),
      (text) => { el("field-said").textContent = text; }));
  }
  el("field-reset").addEventListener("click", () => {
    refused = {};
    setField(firstOf(field.model));
  });
  el("field-stop").addEventListener("click", () => {
    systemAsker.drop();
    if (fresh) answer.certified = "The search was stopped.";
    else refused = { "": "Stopped; the curves are those of the values before." };
    take({ ended: true });
  });
  el("field-controls").addEventListener("submit", (event) => event.preventDefault());
  addEventListener("popstate", showView);
  addEventListener("hashchange", showView);
  const again = () => !el("field").hidden && answer && (drawField(), fieldMap.draw());
  addEventListener("resize", again);
  dark.addEventListener("change", again);
  showView();
}

beginField();
