// The table as a NetCDF file, the same as `QubitPair.charge(...).to_netcdf` writes.
//
// It is of the classic kind (CDF-1), which all readers know: a header of big-endian words, in which
// names are padded to whole words, then the numbers of each variable in turn.

const [DIMENSION, VARIABLE, ATTRIBUTE, CHAR, DOUBLE] = [10, 11, 12, 2, 6];

/** The file of a state's table; `QUANTITIES` has names and units from quantumbattery's own list. */
function netcdfOf(state, table) {
  const given = { frequency: 1, ...state }, time = table.time;
  const fixed = ["theta", "phi", "frequency", "coupling", "charger_loss", "battery_loss",
    "detuning"].concat(state.disconnect === Infinity ? [] : "disconnect");
  const of = (name, dims, values, more = {}) =>
    ({ name, dims, values, attributes: { ...QUANTITIES[name], ...more } });
  return netcdfFile({ time: time.length }, [
    of("time", ["time"], time),
    ...fixed.map((name) => of(name, [], [given[name]])),
    ...MEASURES.map((name) => of(name, ["time"], table[name], { coordinates: fixed.join(" ") })),
  ], { title: "Charging a quantum battery from the Bloch sphere", explorer: addressOf(state) });
}

/** A file of float64 variables, each { name, dims, values, attributes }; attributes are texts. */
function netcdfFile(dimensions, variables, attributes) {
  const places = variables.map(() => 0);
  let end = headOf(dimensions, variables, attributes, places).length;
  variables.forEach(({ values }, i) => {
    places[i] = end;
    end += 8 * values.length;
  });
  const file = new DataView(new ArrayBuffer(end));
  new Uint8Array(file.buffer).set(headOf(dimensions, variables, attributes, places));
  variables.forEach(({ values }, i) =>
    values.forEach((value, k) => file.setFloat64(places[i] + 8 * k, value)));
  return file.buffer;
}

function headOf(dimensions, variables, attributes, places) {
  const names = Object.keys(dimensions), whole = [0x43, 0x44, 0x46, 1]; // "CDF", classic
  const sizes = names.map((name) => [...named(name), ...word(dimensions[name])]);
  const described = variables.map(({ name, dims, values, attributes: own }, i) => [
    ...named(name), ...word(dims.length), ...dims.flatMap((dim) => word(names.indexOf(dim))),
    ...attributeList(own), ...word(DOUBLE), ...word(8 * values.length), ...word(places[i]),
  ]);
  return [...whole, ...word(0), ...listOf(DIMENSION, sizes), ...attributeList(attributes),
    ...listOf(VARIABLE, described)];
}

function attributeList(attributes) {
  return listOf(ATTRIBUTE, Object.entries(attributes).map(
    ([name, text]) => [...named(name), ...word(CHAR), ...named(text)]));
}

function listOf(tag, items) {
  return [...word(items.length ? tag : 0), ...word(items.length), ...items.flat()];
}

function named(text) { // its length in bytes, and the bytes up to a whole word
  const bytes = new TextEncoder().encode(text);
  return [...word(bytes.length), ...bytes, ...new Array(-bytes.length & 3).fill(0)];
}

function word(number) {
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 255);
}
