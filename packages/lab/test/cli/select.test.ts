import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { call, records, useFolder } from "./support.ts";

const folder = useFolder();

/** Milliseconds on a busy machine; a quiet one takes some seconds. */
const HOOK_TIMEOUT = 240_000;

/** 60 rows in which y is twice the size of b, whose near copy is c; town is its sign; a and the others say nothing. */
const rows = Array.from({ length: 60 }, (_, row) => {
  const [a, b, gap] = [17, 29, 11].map((factor) => ((row * factor) % 61) - 30) as [number, number, number];
  const town = b > 0 ? "north" : "south";
  return [`p${row}`, a, b, b + ((row * 7) % 5) / 10, row % 4 === 0 ? "NA" : gap, town, 1, 2 * b + 0.5];
});
const table = `name,a,b,c,gap,"town, of",same,y\n${rows.map((row) => row.join()).join("\n")}\n`;

const QUICK = ["--steps", "30", "--folds", "2", "--threads", "1"];

describe("select", () => {
  let home: string;
  let said: Record<string, unknown>[];

  beforeAll(async () => {
    home = await folder.fresh();
    await writeFile(join(home, "table.csv"), table);
    const { code, out, err } = await call(
      home,
      "select",
      "table.csv",
      "--target",
      "y",
      "--features",
      "1..2",
      "--json",
      ...QUICK,
    );
    expect({ code, err }).toEqual({ code: 0, err: "" });
    said = records(out);
  }, HOOK_TIMEOUT);

  test("says what it read, and what it left out", () => {
    const checksum = createHash("sha256").update(table).digest("hex");
    expect(said[0]).toMatchObject({ type: "table", file: "table.csv", checksum, rows: 60, target: "y", classes: [] });
    expect(readFileSync(join(home, "selection.html"), "utf8")).toContain(checksum);
    expect(said[0]!.leftOut).toEqual([
      { name: "name", reason: "identifier: 60 different texts in 60 rows" },
      { name: "same", reason: "it is constant" },
    ]);
    expect(said[0]!.columns).toContainEqual({
      name: "gap",
      kind: "number",
      different: expect.any(Number),
      missing: 15,
    });
    expect(said[0]!.columns).toContainEqual({ name: "town, of", kind: "category", different: 2, missing: 0 });
  });

  test("chooses the column that tells the target, and scores every number of columns", () => {
    const points = said.filter(({ type }) => type === "point");
    expect(points.map(({ features }) => features)).toEqual([1, 2]);
    const estimate = { score: expect.any(Number), standardError: expect.any(Number), loss: expect.any(Number) };
    expect(points[0]).toMatchObject({ chosen: estimate, univariate: estimate, forward: estimate, lasso: estimate });
    const selection = said.find(({ type }) => type === "selection")!;
    expect(selection).toMatchObject({
      metric: "R2",
      knee: 1,
      toldFromNone: true,
      all: estimate,
      rest: estimate,
      none: estimate,
    });
    expect(["b", "c"]).toContain((selection.order as string[])[0]);
    const [chosen] = selection.chosen as { standIns: { column: string; correlation: number }[] }[];
    expect(chosen!.standIns[0]!.correlation).toBeGreaterThan(0.99);
  });

  test("writes a report that opens without a server, with the command that gives it again", async () => {
    expect(said.at(-1)).toEqual({ type: "report", file: "selection.html" });
    const report = await readFile(join(home, "selection.html"), "utf8");
    expect(report).toContain("Columns of table.csv that tell y");
    expect(report).toContain("softdraw select table.csv --target y --features 1..2 --folds 2 --steps 30");
    expect(report).toContain("identifier: 60 different texts in 60 rows");
    expect(report).not.toMatch(/<script|src="http/);
  });

  test(
    "prints tables, and gives the same for the same seed",
    async () => {
      const args = ["select", "table.csv", "--target", "town, of", "--ignore", "b,c,y", "--features", "1", ...QUICK];
      const [first, again] = [await call(home, ...args), await call(home, ...args, "--out", "again.html")];
      expect({ code: first.code, err: first.err }).toEqual({ code: 0, err: "" });
      expect(first.out).toContain("classification of town, of: north, south");
      expect(first.out).toContain("Left out: b, ignored.");
      expect(first.out).toMatch(/│ 1 +│ +\d+\.\d ± \d+\.\d % │/);
      expect(first.out).toMatch(/No choice is told from none: it has -?\d+\.\d ± \d+\.\d %, none/);
      expect(await readFile(join(home, "again.html"), "utf8")).toContain("No choice is told from none");
      const record = records((await call(home, ...args, "--json")).out);
      expect(record.find(({ type }) => type === "selection")).toMatchObject({ knee: null, toldFromNone: false });
      expect(again.out.replace("again.html", "selection.html")).toBe(first.out);
    },
    HOOK_TIMEOUT,
  );
});

test("select says classes with a comma in quotes, refuses a target that nearly is of numbers, and a folder that takes no file", async () => {
  const home = await folder.fresh();
  const lines = rows.map(
    ([, a, b], row) => `${b},${row === 50 ? "inf" : a},"${Number(b) > 0 ? "north" : "south, east"}"`,
  );
  await writeFile(join(home, "table.csv"), `b,a,town\n${lines.join("\n")}\n`);
  const bad = await call(home, "select", "table.csv", "--target", "a");
  expect(bad).toMatchObject({ code: 2, out: "" });
  expect(bad.err).toBe(
    'error: table.csv: line 52: column a: expected a number, as 59 of 60 are, got "inf". Say --missing, --categorical or --ignore.\n',
  );
  const args = ["--target", "town", "--missing", "inf", "--features", "1", "--steps", "1", "--folds", "2"];
  const { code, out } = await call(home, "select", "table.csv", ...args);
  expect(code).toBe(0);
  expect(out).toContain('classification of town: north, "south, east".');
  // Nothing keeps the administrator from writing.
  if (process.getuid?.() === 0 || process.platform === "win32") return;
  await mkdir(join(home, "closed"), { mode: 0o500 });
  const closed = await call(home, "select", "table.csv", ...args, "--out", "closed/x.html");
  expect(closed).toMatchObject({ code: 2, out: "" });
  expect(closed.err).toContain("out: cannot write closed/x.html: permission denied (EACCES).");
});

test.each([
  [["--target", "z"], 'table.csv: target: expected a column of the table, a, b, c, gap, "town, of", y, got "z".'],
  [["--target", "name"], 'expected a column to learn, got "name", which is left out: identifier'],
  [["--target", "y", "--features", "6"], "features: expected 1 to 5, the columns beside the target, got 6."],
  [["--target", "y", "--features", "3..2"], "Expected a whole number of at least 1, or a range such as 1..10."],
  [["--target", "y", "--folds", "40"], "folds: expected 2 to 15, a quarter of the rows, got 40."],
  [["--target", "y", "--numeric", "town"], "numeric: expected columns of the table"],
  [
    ["--target", "y", "--numeric", "a", "--categorical", "a"],
    "numeric: expected columns that are not named as categor",
  ],
  [
    ["--target", "y", "--out", "table.csv"],
    "out: table.csv: expected another file than the one that is read, got that file itself.",
  ],
  [["--target", "y", "--out", "./link.html"], "out: ./link.html: expected another file than the one that is read"],
  [
    ["--target", "y", "--out", "notes.txt"],
    "out: notes.txt: expected a new file, or a report to be replaced, got another file.",
  ],
  [["--target", "y", "--out", "none/x.html"], "out: cannot write none/x.html: its folder does not exist (ENOENT)."],
  [["--target", "y", "--out", "table.csv/x.html"], "out: cannot write table.csv/x.html: a part of its path is not a"],
  [["--target", "y", "--out", "."], "out: .: expected a file, got a folder, a device or a pipe."],
  [["--target", "y", "--separator", ",,"], "Expected one character, or tab."],
  [["--target", "town, of", "--task", "regression"], "task: expected classification of town, of, which has texts"],
  [[], "required option '--target <column>' not specified"],
])("select %j is called wrongly, and writes nothing", async (args, message) => {
  const home = await folder.fresh();
  await writeFile(join(home, "table.csv"), table);
  await writeFile(join(home, "notes.txt"), "<!doctype html>\nmy notes");
  await symlink("table.csv", join(home, "link.html"));
  const { code, out, err } = await call(home, "select", "table.csv", ...args);
  expect({ code, out }).toEqual({ code: 2, out: "" });
  expect(err).toContain(message);
  await expect(readFile(join(home, "selection.html"))).rejects.toThrow("ENOENT");
  expect(await readFile(join(home, "table.csv"), "utf8")).toBe(table);
  expect(await readFile(join(home, "notes.txt"), "utf8")).toBe("<!doctype html>\nmy notes");
});
