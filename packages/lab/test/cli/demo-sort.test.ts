import { relaxationNames } from "@softdraw/experiments/demos/sorters";
import { expect, test } from "vitest";
import { call, records, useFolder } from "./support.ts";

const folder = useFolder();
const OPTIONS = ["--n", "3,4", "--steps", "4", "--batch", "2"];
const demo = async (...more: string[]) => call(await folder.fresh(), "demo", "sort", ...OPTIONS, ...more);

test("demo sort prints a table of errors, of time and of memory, a row a relaxation and a column a length", async () => {
  const { code, out, err } = await demo();
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(out).toMatch(/^4 steps of 2 lists each; seed 0\n/);
  const tables = out.split("\n\n").slice(1);
  const titles = ["wrong numbers, %", "wrong lists, %", "ms a step", "MB"];
  expect(tables.map((table) => table.split("\n")[0])).toEqual(titles);
  for (const table of tables) {
    expect(table).toMatch(/│ relaxation +│ +n = 3 │ +n = 4 │/);
    const names = [...table.matchAll(/^│ ([a-z-]+(?:, [a-z-]+)?) +│ +[\d.]+ │ +[\d.]+ │$/gm)].map(([, name]) => name);
    expect(names).toEqual(relaxationNames);
  }
});

test("demo sort --json: a record for each training", async () => {
  const { code, out } = await demo("--json");
  expect(code).toBe(0);
  const figure = expect.any(Number);
  const figures = { wrongElements: figure, wrongLists: figure, milliseconds: figure, megabytes: figure };
  const expected = [3, 4].flatMap((n) =>
    relaxationNames.map((relaxation) => ({ type: "sorter", n, relaxation, ...figures })),
  );
  expect(records(out)).toEqual(expected);
});
