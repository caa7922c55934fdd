import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { npyOf } from "@softdraw/testing/bytes";
import { describe, expect, test } from "vitest";
import { readPredictions } from "../../src/explain/predictions.ts";
import { useFolder } from "../cli/support.ts";

const folder = useFolder();

async function read(name: string, content: string | Uint8Array, count: number, names?: readonly string[]) {
  const file = join(await folder.fresh(), name);
  await writeFile(file, content);
  const { classes, classNames, values } = await readPredictions(file, { names, count });
  return {
    classNames,
    rows: Array.from({ length: count }, (_, row) => Array.from(values.subarray(row * classes, (row + 1) * classes))),
  };
}

describe("predictions", () => {
  test("a column a class has its probabilities, of rounded ones such that they sum to 1", async () => {
    const { classNames, rows } = await read("answers.csv", "cat,dog\n0.25,0.75\n0.33,0.66\n", 2);
    expect(classNames).toEqual(["cat", "dog"]);
    expect(rows).toEqual([
      [0.25, 0.75],
      [expect.closeTo(1 / 3, 6), expect.closeTo(2 / 3, 6)],
    ]);
  });

  test("one column of words, or of whole numbers, has labels; the classes are in order", async () => {
    expect(await read("answers.csv", "answer\ndog\ncat\ndog\n", 3)).toEqual({
      classNames: ["cat", "dog"],
      rows: [
        [0, 1],
        [1, 0],
        [0, 1],
      ],
    });
    expect((await read("answers.tsv", "answer\n10\n9\n", 2)).classNames).toEqual(["9", "10"]);
  });

  test("one column of other numbers has probabilities of the second of two classes", async () => {
    const { classNames, rows } = await read("answers.csv", "ill\n0.25\n1\n", 2);
    expect(classNames).toEqual(["not ill", "ill"]);
    expect(rows).toEqual([
      [0.75, 0.25],
      [0, 1],
    ]);
  });

  test("a column of files puts rows into the order of the examples", async () => {
    const { rows } = await read("answers.csv", "file,no,yes\nb.png,0,1\na.png,1,0\nc.png,0,1\n", 2, ["a.png", "b.png"]);
    expect(rows).toEqual([
      [1, 0],
      [0, 1],
    ]);
  });

  test("arrays of NumPy have probabilities or labels", async () => {
    const probabilities = npyOf([2, 2], Float32Array.of(0.5, 0.5, 0, 1));
    expect((await read("answers.npy", probabilities, 2)).rows).toEqual([
      [0.5, 0.5],
      [0, 1],
    ]);
    expect(await read("labels.npy", npyOf([3], Int32Array.of(2, 0, 2)), 3)).toEqual({
      classNames: ["0", "2"],
      rows: [
        [0, 1],
        [1, 0],
        [0, 1],
      ],
    });
    expect((await read("second.npy", npyOf([2], Float32Array.of(0.25, 0.5)), 2)).rows[0]).toEqual([0.75, 0.25]);
  });

  test.each<[string, string, string | Uint8Array]>([
    ["expected 2 predictions, one for each example, got 1", "answers.csv", "a,b\n0,1\n"],
    ["which are not negative and sum to 1, got -2, 3 in row 1. Logits become", "answers.csv", "a,b\n-2,3\n0,1\n"],
    ['got "NA" in row 2', "answers.csv", "answer\nyes\nNA\n"],
    ['got "" in row 1', "answers.csv", "answer\n\nyes\n"],
    ['expected probabilities in column "b", got "x" in row 2', "answers.csv", "a,b\n0,1\n1,x\n"],
    ["expected a header and rows, got none", "answers.csv", "a,b\n"],
    ["expected a header and rows, got none", "answers.csv", ""],
    ["Invalid Record Length", "answers.csv", "a,b\n0,1,2\n0,1\n"],
    ["the examples are no files", "answers.csv", "file,a,b\nx,0,1\ny,0,1\n"],
    ["expected predictions [n, classes] or [n], got 1 x 1 x 2", "answers.npy", npyOf([1, 1, 2], Float32Array.of(0, 1))],
    ["expected", "answers.npy", Buffer.from("no array")],
  ])("are refused in one line: %s", async (message, name, content) => {
    const error = await read(name, content, 2).catch((error: Error) => error);
    expect(error).toBeInstanceOf(Error);
    expect((error as Error).message).toContain(message);
    expect((error as Error).message).not.toContain("\n");
  });

  test("of files that are missing or twice there it is said which", async () => {
    await expect(read("answers.csv", "file,a\nx,0\nx,1\n", 2, ["x", "y"])).rejects.toThrow("got two for x");
    await expect(read("answers.csv", "file,a\nx,0\nz,1\n", 2, ["x", "y"])).rejects.toThrow(
      "expected a row for y, got none",
    );
    await expect(readPredictions("nowhere.csv", { names: undefined, count: 1 })).rejects.toThrow(
      "there is no such file",
    );
  });
});
