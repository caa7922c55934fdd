import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { decodePicture } from "@softdraw/experiments/report/png";
import { npyOf } from "@softdraw/testing/bytes";
import { describe, expect, test } from "vitest";
import { call, records, useFolder } from "./support.ts";

const folder = useFolder();
const SHORT = ["--surrogate-steps", "3", "--steps", "3", "--hidden", "8"];
const COUNT = 40;

/** Pictures of 6 x 6, of which the brighter half says the class; rows of six numbers; tokens; and answers. */
async function useFiles(): Promise<string> {
  const at = await folder.fresh();
  const bytes = Uint8Array.from({ length: COUNT * 36 }, (_, i) => (i * 37) % 251);
  const labels = Int32Array.from({ length: COUNT }, (_, i) => i % 3);
  const rows = Float32Array.from({ length: COUNT * 6 }, (_, i) => Math.sin(i * i));
  const tokens = Int32Array.from({ length: COUNT * 5 }, (_, i) => (i * 7) % 11);
  await writeFile(join(at, "pictures.npy"), npyOf([COUNT, 6, 6], bytes));
  await writeFile(join(at, "colours.npy"), npyOf([13, 6, 6, 3], bytes.slice(0, 13 * 108)));
  await writeFile(join(at, "rows.npy"), npyOf([COUNT, 6], rows));
  await writeFile(join(at, "tokens.npy"), npyOf([COUNT, 5], tokens));
  await writeFile(join(at, "labels.npy"), npyOf([COUNT], labels));
  await writeFile(join(at, "thirteen.npy"), npyOf([13], labels.slice(0, 13)));
  const line = (i: number) => `${i % 7},${["a", "b", "c"][i % 3]},${Math.cos(i * i)},${i % 2}`;
  await writeFile(
    join(at, "table.csv"),
    ["size,kind,noise,outcome", ...Array.from({ length: COUNT }, (_, i) => line(i))].join("\n"),
  );
  await mkdir(join(at, "taken"));
  await writeFile(join(at, "taken", "report.html"), "somebody else's");
  await mkdir(join(at, "named"));
  await writeFile(join(at, "named", "explanations.jsonl"), "not of ours\n");
  await writeFile(join(at, "model.npy"), "no array");
  await writeFile(join(at, "model.onnx"), Buffer.from(MODEL, "base64"));
  return at;
}

/** Six numbers to three classes, MatMul and Softmax, written by onnx 1.12's helper.make_model; 209 bytes. */
const MODEL =
  "CAg6xgEKEQoBeAoBVxIBeiIGTWF0TXVsCiUKAXoSAXAiB1NvZnRtYXgqFAoEYXhpcxj///////////8BoAECEgFnKlMIBggDEAFCAVdKSGy/AD5/Rge+vfIjP9/V1j2h" +
  "IQm//SK5Pnnppj/mc3I//ic0v1X5ob/qjh+/bkUpPU7NFMDsCmC+A3qfv+B1O7+PVAu/GPKhvloYCgF4EhMKEQgBEg0KBxIFYmF0Y2gKAggGYhgKAXASEwoRCAESDQoH" +
  "EgViYXRjaAoCCANCBAoAEA0=";

const hasRuntime = (() => {
  try {
    return existsSync(createRequire(import.meta.url).resolve("onnxruntime-web"));
  } catch {
    console.log("Models of ONNX are not tried: there is no onnxruntime-web (npm install --no-save onnxruntime-web).");
    return false;
  }
})();

describe("softdraw explain", () => {
  test("writes a record of each picture, the pictures with their patches, and a report", async () => {
    const at = await useFiles();
    const given = ["--data", "pictures.npy", "--predictions", "labels.npy", "--patches", "3", "--k", "2"];
    const { code, out, err } = await call(at, "explain", ...given, ...SHORT, "--seed", "5");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(/^pictures-[0-9a-f]{8}: 40 examples of 4 patches each\n3 classes: 0, 1, 2\n/);
    expect(out).toContain("8 held-out examples, told by a second surrogate");
    for (const what of ["the 2 chosen patches", "2 by integrated occlusion", "2 at random", "all"])
      expect(out).toContain(what);
    const lines = (await readFile(join(at, "explanation", "explanations.jsonl"), "utf8")).trim().split("\n");
    const all = lines.map((line) => JSON.parse(line));
    expect(all.map(({ row, answer }) => [row, answer])).toEqual(
      Array.from({ length: COUNT }, (_, row) => [row, { class: String(row % 3), probability: 1 }]),
    );
    for (const { chosen } of all) expect(new Set(chosen.map(({ group }: { group: number }) => group)).size).toBe(2);
    expect(all.filter(({ heldOut }) => heldOut)).toHaveLength(8);
    expect(all[0].chosen[0].name).toMatch(/^\([12], [12]\)$/);
    const picture = decodePicture(new Uint8Array(await readFile(join(at, "explanation", "chosen.png"))));
    // Eight in a row, of 6 pixels each enlarged 14 times, with gaps of 4.
    expect([picture.width, picture.height]).toEqual([8 * 84 + 7 * 4, 84]);
    const report = await readFile(join(at, "explanation", "report.html"), "utf8");
    expect(report).toContain(
      "softdraw explain --data pictures.npy --predictions labels.npy --k 2 --patches 3 --surrogate-steps 3 --steps 3 --hidden 8 --seed 5",
    );
  }, 60_000);

  test("takes pictures in colour, rows and tokens; --json prints a record each", async () => {
    const at = await useFiles();
    for (const [data, labels, k] of [
      ["colours.npy", "thirteen.npy", 1],
      ["rows.npy", "labels.npy", 2],
      ["tokens.npy", "labels.npy", 1],
    ] as const) {
      const given = ["--data", data, "--predictions", labels, "--k", String(k), "--json", "--out-dir", "out"];
      const { code, out } = await call(at, "explain", ...given, ...SHORT);
      expect(code).toBe(0);
      const all = records(out);
      const last = all.at(-1)!;
      expect(last).toMatchObject({ type: "faithfulness", teller: "surrogate", k });
      if (data === "tokens.npy") {
        const { row, chosen } = all[3] as unknown as { row: number; chosen: { group: number; token: number }[] };
        expect(chosen[0]!.token).toBe(((5 * row + chosen[0]!.group) * 7) % 11);
      }
      expect(
        all.slice(0, -1).every(({ type, chosen }) => type === "explained" && (chosen as unknown[]).length === k),
      ).toBe(true);
    }
  }, 60_000);

  test("names the columns of a table, of which a category is one, and leaves out what is ignored", async () => {
    const at = await useFiles();
    const given = ["--data", "table.csv", "--ignore", "outcome", "--predictions", "labels.npy", "--k", "1"];
    const { code, out } = await call(at, "explain", ...given, "--json", "--surrogate-steps", "200", "--steps", "100");
    expect(code).toBe(0);
    const chosen = records(out).flatMap(({ type, chosen }) =>
      type === "explained" ? (chosen as { name: string }[]).map(({ name }) => name) : [],
    );
    // The answer is the kind.
    expect(chosen.filter((name) => name === "kind").length).toBeGreaterThan(30);
    expect(chosen).not.toContain("outcome");
    const wrong = await call(at, "explain", "--data", "table.csv", "--model", "model.onnx", "--k", "1");
    expect(wrong).toMatchObject({
      code: 2,
      err: expect.stringContaining("--model: the table has categories, dates or missing values"),
    });
  }, 60_000);

  test.runIf(hasRuntime)(
    "asks a model of ONNX, whose answers need no file",
    async () => {
      const at = await useFiles();
      const { code, out, err } = await call(
        at,
        "explain",
        "--data",
        "rows.npy",
        "--model",
        "model.onnx",
        "--k",
        "2",
        "--parts",
        "50",
        ...SHORT,
      );
      expect({ code, err }).toEqual({ code: 0, err: "" });
      expect(out).toContain("8 held-out examples, told by the model");
      expect("Worker" in globalThis).toBe(false);
      const [first] = (await readFile(join(at, "explanation", "explanations.jsonl"), "utf8")).split("\n");
      // softmax(x W) of the first row, by NumPy 1.24.
      expect(JSON.parse(first!).answer).toEqual({
        class: "2",
        probability: expect.closeTo(0.815058, 5),
      });
      const both = [
        "--data",
        "rows.npy",
        "--model",
        "model.onnx",
        "--predictions",
        "labels.npy",
        "--k",
        "2",
        "--parts",
        "50",
      ];
      expect((await call(at, "explain", ...both, ...SHORT)).out).toMatch(
        /Of [0-9.]+ % of the examples the model says what --predictions say\. Are its inputs scaled/,
      );
      const wrong = await call(at, "explain", "--data", "tokens.npy", "--model", "model.onnx", "--k", "2", ...SHORT);
      expect(wrong).toMatchObject({
        code: 2,
        err: expect.stringContaining("expected an input [batch, 5], got [batch, 6]"),
      });
    },
    60_000,
  );

  test.each([
    ["model.npy: is not an .npy file", ["--data", "model.npy", "--predictions", "labels.npy"]],
    ["--patches is for pictures", ["--data", "rows.npy", "--predictions", "labels.npy", "--patches", "3"]],
    ["--ignore is for tables", ["--data", "rows.npy", "--predictions", "labels.npy", "--ignore", "a"]],
    ["--parts is for a model that is asked", ["--data", "rows.npy", "--predictions", "labels.npy", "--parts", "3"]],
    [
      "--out-dir: expected another folder than that of the data",
      ["--data", ".", "--predictions", "labels.npy", "--out-dir", "."],
    ],
    [
      "expected a new file, or a report to be replaced, got another file",
      ["--data", "rows.npy", "--predictions", "labels.npy", "--out-dir", "taken"],
    ],
    [
      "expected a new file, or a file of explanations to be replaced, got another file",
      ["--data", "rows.npy", "--predictions", "labels.npy", "--out-dir", "named"],
    ],
    ["--data: expected examples, got none", ["--predictions", "labels.npy"]],
    ["expected the model's answers (--predictions) or the model itself", ["--data", "rows.npy"]],
    [
      "--k: expected at most 5, fewer than there are columns, got 6",
      ["--data", "rows.npy", "--predictions", "labels.npy", "--k", "6"],
    ],
    [
      "--patches: expected at most 6 pixels, as the pictures have, got 7",
      ["--data", "pictures.npy", "--predictions", "labels.npy", "--patches", "7"],
    ],
    ["expected 40 predictions, one for each example, got 13", ["--data", "rows.npy", "--predictions", "thirteen.npy"]],
    [
      '--background: Expected mean or a number, got "x"',
      ["--data", "rows.npy", "--predictions", "labels.npy", "--background", "x"],
    ],
    [
      '--test-share: Expected a number above 0 and below 1, got "1"',
      ["--data", "rows.npy", "--predictions", "labels.npy", "--test-share", "1"],
    ],
    ["--model-mean is for pictures", ["--data", "rows.npy", "--predictions", "labels.npy", "--model-mean", "1"]],
    ["there is no such file", ["--data", "nowhere", "--predictions", "labels.npy"]],
  ])("a wrong call exits with 2: %s", async (message, given) => {
    const { code, err } = await call(await useFiles(), "explain", ...given, ...SHORT);
    expect(err).toContain(message);
    expect(code).toBe(2);
  });
});
