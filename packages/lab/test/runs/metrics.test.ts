import { readdir, readFile, writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { appendRecord, countRecords, dropTornRecord, keepRecords, readRecords } from "../../src/runs/metrics.ts";
import { useTemporaryFolder } from "./temporary-folder.ts";

const folder = useTemporaryFolder();
const file = () => folder.path("metrics.jsonl");
const anything = z.looseObject({});
const text = () => readFile(file(), "utf8");

test("records come back in order, one a line", async () => {
  const records = [{ epoch: 1, loss: 182.3 }, { epoch: 2, note: "a\nline, naïve ∞" }, {}];
  for (const record of records) await appendRecord(file(), record);
  expect(await readRecords(file(), anything)).toEqual(records);
  expect(await countRecords(file())).toBe(3);
  expect((await text()).split("\n")).toHaveLength(4);
});

test("a missing file has no records, and is not made by looking", async () => {
  expect(await readRecords(file(), anything)).toEqual([]);
  expect(await countRecords(file())).toBe(0);
  await dropTornRecord(file());
  await keepRecords(file(), 0);
  expect(await readdir(folder.path())).toEqual([]);
});

test("a torn last line is no record, wherever it was torn", async () => {
  const whole = '{"epoch":1,"note":"∞"}\n';
  const bytes = Buffer.from(whole + whole);
  for (let length = 0; length < bytes.length; length++) {
    await writeFile(file(), bytes.subarray(0, length));
    const records = length < bytes.length / 2 ? [] : [{ epoch: 1, note: "∞" }];
    expect(await readRecords(file(), anything)).toEqual(records);
    await dropTornRecord(file());
    expect(await text()).toBe(whole.repeat(records.length));
  }
});

test("a damaged line is refused, naming file and line", async () => {
  await writeFile(file(), '{"epoch":1}\n{"epoch":\n{"epoch":3}\n');
  await expect(readRecords(file(), anything)).rejects.toThrow(
    `${file()}, line 2: expected a JSON object, got "{\\"epoch\\":"`,
  );
  await writeFile(file(), "7\n");
  await expect(readRecords(file(), anything)).rejects.toThrow(`${file()}, line 1: expected a JSON object, got "7"`);
});

test("a record that is none by its schema is refused in one short line", async () => {
  const schema = z.strictObject({ epoch: z.int() });
  const refused = async (line: string, message: string) => {
    await writeFile(file(), `{"epoch":1}\n${line}\n`);
    await expect(readRecords(file(), schema)).rejects.toThrow(new Error(`${file()}, line 2: ${message}`));
  };
  await refused('{"epoch":1.5}', "epoch: Expected a whole number, got 1.5");
  await refused('{"epoch":null}', "epoch: Expected a number, got null");
  await refused(`{"epoch":"${"x".repeat(999)}"}`, `epoch: Expected a number, got "${"x".repeat(78)}…`);
  await refused('{"epoch":1,"loss":2}', "unexpected loss");
});

describe("keepRecords", () => {
  const lines = ['{"a":"∞"}\n', '{"b":2}\n', '{"c":3}\n'];

  test.each([0, 1, 2, 3])("keeps exactly the first %i lines", async (count) => {
    await writeFile(file(), `${lines.join("")}{"torn`);
    await keepRecords(file(), count);
    expect(await text()).toBe(lines.slice(0, count).join(""));
  });

  test("refuses a file with fewer, and leaves it", async () => {
    await writeFile(file(), lines.join(""));
    await expect(keepRecords(file(), 4)).rejects.toThrow(
      `${file()}: expected the 4 records that were there at the checkpoint, got 3`,
    );
    expect(await text()).toBe(lines.join(""));
  });
});

test("an append that cannot be made says so", async () => {
  await expect(appendRecord(folder.path("no/metrics.jsonl"), {})).rejects.toThrow(
    `cannot write ${folder.path("no/metrics.jsonl")}: its folder does not exist (ENOENT)`,
  );
});
