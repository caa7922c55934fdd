import { describe, expect, test } from "vitest";
import { problemOf } from "../../src/select/problem.ts";
import { atRows, countDifferent, hasMissing } from "../../src/select/table.ts";
import { numbers, tableFrom } from "./support.ts";

describe("a table's columns", () => {
  test("are numbers where every text is one, and categories otherwise, sorted", () => {
    const { rows, columns } = tableFrom({ a: ["1", " -2.5e1 ", ".5"], b: ["x", "10", "x"], c: ["0x10", "1", "2"] });
    expect(rows).toBe(3);
    expect(columns).toEqual([
      { kind: "number", name: "a", values: Float64Array.of(1, -25, 0.5) },
      { kind: "category", name: "b", values: Int32Array.of(1, 0, 1), categories: ["10", "x"] },
      { kind: "category", name: "c", values: Int32Array.of(0, 1, 2), categories: ["0x10", "1", "2"] },
    ]);
  });

  test("may miss values, under usual names or others", () => {
    const [usual] = tableFrom({ a: ["1", "", "na", "NaN", "NULL", "?", "4"] }).columns;
    expect(usual).toMatchObject({ kind: "number", values: Float64Array.of(1, NaN, NaN, NaN, NaN, NaN, 4) });
    expect([hasMissing(usual!), countDifferent(usual!)]).toEqual([true, 2]);
    const [other] = tableFrom({ a: ["1", "-9", "x", "1"] }, { missing: ["-9"] }).columns;
    expect(other).toMatchObject({ kind: "category", values: Int32Array.of(0, -1, 1, 0) });
    expect(atRows(other!, [1, 2])).toMatchObject({ values: Int32Array.of(-1, 1) });
  });

  test("are what is said of them", () => {
    expect(tableFrom({ a: ["3", "1", "3"] }, { categorical: ["a"] }).columns[0]).toMatchObject({
      categories: ["1", "3"],
    });
    expect(() => tableFrom({ a: ["3", "ten"] }, { numeric: ["a"] })).toThrow(
      'line 3: column a: expected a number, got "ten".',
    );
    expect(() => tableFrom({ a: ["1e400", "1"] }, { numeric: ["a"] })).toThrow('got "1e400"');
    expect(() => tableFrom({ a: ["1"], b: ["2"] }, { ignore: ["c"] })).toThrow(
      'ignore: expected columns of the table, a, b, got "c".',
    );
    expect(() => tableFrom({ a: ["1", "2"], b: ["3", "4"] }, { numeric: ["b", "a"], categorical: ["a"] })).toThrow(
      'numeric: expected columns that are not named as categorical, got "a".',
    );
  });
});

describe("a column that is nearly one of numbers", () => {
  const a = numbers(50, 1).map((value) => value.toFixed(6));

  test.each(["1.2.3", "inf", "1e400", "4O"])("is refused for %j, with its line and what to say", (wrong) => {
    const cells = { a: a.with(7, "").with(30, wrong) };
    expect(() => tableFrom(cells, { missing: [""] })).toThrow(
      `line 32: column a: expected a number, as 48 of 49 are, got "${wrong}". Say --missing, --categorical or --ignore.`,
    );
    expect(tableFrom(cells, { missing: ["", wrong] }).columns[0]).toMatchObject({ kind: "number" });
    expect(tableFrom(cells, { ignore: ["a"] }).columns).toEqual([]);
    const few = cells.a.map((text, row) => (row > 35 || row < 20 ? "0" : text));
    expect(tableFrom({ a: few }, { categorical: ["a"] }).columns[0]).toMatchObject({ kind: "category" });
  });

  test("has decimal commas, and is told so", () => {
    const commas = a.map((text) => text.replace(".", ","));
    const message = 'column a: expected a number with a decimal point, got "';
    expect(() => tableFrom({ a: commas })).toThrow(
      `line 2: ${message}${commas[0]}" with a comma. Say --categorical or`,
    );
    expect(() => tableFrom({ a: commas }, { numeric: ["a"] })).toThrow(`${message}${commas[0]}" with a comma.`);
  });

  test("is one of categories where numbers are few, or few are numbers", () => {
    const codes = a.map((_, row) => (row === 9 ? "x" : `${row % 9}`));
    const halves = a.map((text, row) => (row % 2 === 0 ? text.slice(0, 3) : "x"));
    const { columns } = tableFrom({ codes, halves });
    expect(columns.map(({ kind }) => kind)).toEqual(["category", "category"]);
  });

  test("is left out where a table is only looked at, with the cell and its place", () => {
    const typed = a.map((_, row) => (row === 3 ? "4O" : `${row}.5`));
    const { columns, leftOut } = tableFrom({ a: typed }, { mixed: "left out" });
    expect(columns).toEqual([]);
    const reason = `numbers but for 1 of ${a.length} cells, "4O" in line 5: select refuses it`;
    expect(leftOut).toEqual([{ name: "a", reason }]);
  });
});

test("what nothing can be learned from is left out, with the reason", () => {
  const rows = Array.from({ length: 120 }, (_, row) => row);
  const columns = {
    count: rows.map((row) => row + 7),
    patient_id: rows.map((row) => (row * 37) % 1009),
    acid: rows.map((row) => (row * 37) % 1009),
    name: rows.map((row) => `person ${row}`),
    town: rows.map((row) => `town ${row % 55}`),
    same: rows.map(() => "x"),
    sameOrMissing: rows.map((row) => (row % 2 === 0 ? "x" : "")),
    empty: rows.map(() => ""),
    date: rows.map((row) => row % 9),
  };
  const { columns: kept, leftOut } = tableFrom(columns, { ignore: ["date"] });
  expect(kept.map(({ name }) => name)).toEqual(["acid", "sameOrMissing"]);
  expect(leftOut).toEqual([
    { name: "count", reason: "identifier: it counts the rows" },
    { name: "patient_id", reason: "identifier: whole numbers, all different" },
    { name: "name", reason: "identifier: 120 different texts in 120 rows" },
    { name: "town", reason: "55 categories, more than 50" },
    { name: "same", reason: "it is constant" },
    { name: "empty", reason: "it has no values" },
    { name: "date", reason: "ignored" },
  ]);
  expect(tableFrom(columns, { numeric: ["count"] }).columns[0]).toMatchObject({ name: "count", kind: "number" });
});

describe("a problem", () => {
  const rows = 30;
  const x = numbers(rows, 1);

  test("is classification of texts and of few whole numbers, and drops rows without a target", () => {
    const y = x.map((value, row) => (row === 3 ? "?" : value > 0 ? "7" : "-2"));
    const problem = problemOf(tableFrom({ x, y }), "y");
    expect(problem).toMatchObject({ name: "y", rows: 29, dropped: 1, classes: ["-2", "7"] });
    expect(problem.columns[0]!.values).toEqual(Float64Array.from(x.toSpliced(3, 1)));
    expect(problem.target[0]).toBe(x[0]! > 0 ? 1 : 0);
    expect(problemOf(tableFrom({ x, y }), "y", "regression")).toMatchObject({ classes: [] });
  });

  test("is regression of other numbers", () => {
    expect(problemOf(tableFrom({ x, y: x.map((value) => 2 * value) }), "y").classes).toEqual([]);
  });

  test.each([
    ["z", undefined, 'target: expected a column of the table, x, y, got "z".'],
    ["k", undefined, 'target: expected a column to learn, got "k", which is left out: it is constant.'],
    ["y", "regression", "task: expected classification of y, which has texts, got regression."],
    ["x", "classification", "expected at least 5 rows of every x, got 1"],
    ["r", undefined, 'expected at least 5 rows of every r, got 1 of "b".'],
  ] as const)("is refused for the target %s as %s", (target, task, message) => {
    const y = x.map((value) => (value > 0 ? "a" : "b"));
    const r = x.map((_, row) => (row === 0 ? "b" : "a"));
    const table = tableFrom({ x, y, k: x.map(() => 1), ...(target === "r" && { r }) });
    expect(() => problemOf(table, target, task)).toThrow(message);
  });

  test("names the columns that are left out where there are no others", () => {
    const table = tableFrom({ k: x.map(() => 1), n: x.map((_, row) => row) });
    expect(() => problemOf(table, "y")).toThrow(
      'target: expected a column of the table, which has none but those that are left out, k, n, got "y".',
    );
  });

  test("needs rows and columns", () => {
    expect(() => problemOf(tableFrom({ x: x.slice(0, 9), y: x.slice(0, 9) }), "y")).toThrow(
      "expected at least 20 rows that say y, got 9.",
    );
    expect(() => problemOf(tableFrom({ y: x }), "y")).toThrow(
      "expected columns beside the target, got none that varies.",
    );
  });
});
