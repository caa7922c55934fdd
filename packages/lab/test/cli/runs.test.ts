import { cp, readdir, readFile, truncate, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { decodeCheckpoint, encodeCheckpoint } from "@softdraw/experiments/checkpoint/safetensors";
import { pngSize } from "@softdraw/experiments/report/png";
import { beforeAll, describe, expect, test } from "vitest";
import { bytesOf, call, HOOK_TIMEOUT, onlyRun, records, softdraw, start, tinyTraining, useFolder } from "./support.ts";

const folder = useFolder();
let home: string;
let run: string;

beforeAll(async () => {
  home = await folder.fresh();
  expect(await call(home, ...tinyTraining(folder.path(), 2, "--network", "deep"))).toMatchObject({ code: 0 });
  run = await onlyRun(home);
}, HOOK_TIMEOUT);

/** A copy of the run, to do damage to. */
async function copyOfRun(): Promise<string> {
  const copy = join(await folder.fresh(), "copy");
  await cp(run, copy, { recursive: true });
  return copy;
}

const textOf = (path: string, name: string) => readFile(join(path, name), "utf8");

describe("runs", () => {
  test("lists the runs with their results", async () => {
    const { code, out } = await call(home, "runs");
    expect(code).toBe(0);
    const [row] = out.split("\n").filter((line) => line.includes("vae-"));
    expect(row).toMatch(new RegExp(`${basename(run)} .* finished .* 2 .* discrete test loss \\d+\\.\\d\\d nats`));
    expect(out).not.toContain("\u001b");
  });

  test("--json: a record a run", async () => {
    const { out } = await call(folder.path(), "runs", "--runs-dir", join(home, "runs"), "--json");
    const [record] = records(out);
    expect(record).toMatchObject({ type: "run", name: basename(run), experiment: "vae", state: "finished", epochs: 2 });
    expect(record!.metrics).toEqual(records(await textOf(run, "metrics.jsonl")).at(-1));
  });

  test("says so when there are none, and how to make one", async () => {
    const { code, out } = await call(await folder.fresh(), "runs");
    expect(code).toBe(0);
    expect(out).toBe("No runs in runs. Make one with: softdraw train vae\n");
  });
});

describe("eval", () => {
  test("prints the figures of the test set and the bound", async () => {
    const words = ["eval", run, "--importance-samples", "10", "--examples", "20"];
    const { code, out, err } = await call(home, ...words);
    expect(code).toBe(0);
    expect(err).toBe("");
    expect(out).toMatch(/^discrete test loss +\d+\.\d\d nats/m);
    expect(out).toMatch(
      /^log-likelihood bound +-\d+\.\d\d nats {2}\(10 importance samples, 20 images, standard error/m,
    );
    const { out: json } = await call(home, ...words, "--json");
    const [{ type, results }] = records(json) as [{ type: string; results: { name: string; value: number }[] }];
    expect(type).toBe("result");
    const bound = results.find(({ name }) => name === "log-likelihood bound")!;
    expect(out).toContain(bound.value.toFixed(2));
  });
});

describe("sample", () => {
  test("writes a picture of so many, the same for the same seed", async () => {
    const draw = async (name: string, ...more: string[]) => {
      const { code, out } = await call(home, "sample", run, "--count", "10", "--out", name, ...more);
      expect(code).toBe(0);
      expect(out).toContain(`${name}: 10 codes`);
      return readFile(join(home, name));
    };
    const first = await draw("first.png");
    expect(pngSize(first)).toEqual({ width: 8 * 84 + 7 * 2, height: 2 * 84 + 2 });
    expect((await draw("again.png")).equals(first)).toBe(true);
    expect((await draw("other.png", "--seed", "3")).equals(first)).toBe(false);
  });

  test("a picture that cannot be written is an error with the reason", async () => {
    const { code, err } = await call(home, "sample", run, "--out", "none/samples.png");
    expect(code).toBe(2);
    expect(err).toBe("error: --out: cannot write none/samples.png: its folder does not exist (ENOENT).\n");
  });

  test("a file that is no picture of ours is not replaced", async () => {
    await writeFile(join(home, "thesis.tex"), "years of work");
    const { code, err } = await call(home, "sample", run, "--count", "1", "--out", "thesis.tex");
    expect(code).toBe(2);
    expect(err).toBe(
      "error: --out: thesis.tex: expected a new file, or a picture of Softdraw to be replaced, got another file.\n",
    );
    expect(await readFile(join(home, "thesis.tex"), "utf8")).toBe("years of work");
  });
});

describe("data", () => {
  test("list says which there are", async () => {
    const { code, out } = await call(home, "data", "list");
    expect(code).toBe(0);
    expect(out).toMatch(/digits .* embedded .* 9,000 .* 1,000/);
    const listed = records((await call(home, "data", "list", "--json")).out);
    expect(listed.map(({ type, name, state }) => [type, name, state])).toEqual([
      ["dataset", "digits", "embedded"],
      ["dataset", "mnist", "not here"],
      ["dataset", "fashion-mnist", "not here"],
    ]);
  });

  test("verify: sound files exit 0, others 1 by name", async () => {
    const sound = await call(home, "data", "verify", "digits");
    expect(sound).toMatchObject({ code: 0, err: "" });
    expect(sound.out).toMatch(/^sound {2}.*digits\n$/);
    const wrong = await call(home, "data", "verify", "mnist", "--data-dir", folder.path());
    expect(wrong.code).toBe(1);
    expect(wrong.out.match(/^wrong {2}.*-ubyte/gm)).toHaveLength(4);
    expect(wrong.err).toBe("error: 4 of 4 files of mnist are missing or wrong.\n");
  });
});

describe("a training that diverges", () => {
  const diverging = () => tinyTraining(folder.path(), 1, "--network", "deep", "--learning-rate", "1e30");
  const ONE_LINE =
    /^error: runs\/vae-\S+ diverged: .+ is (NaN|-?Infinity) at epoch 1, step \d\. Train again with a lower --learning-rate than 1e\+30 or a higher --temperature than 1\. It diverged before its first checkpoint\.\n$/;

  test("exits 1 with one message; the run is listed as such, and neither trained on nor judged", async () => {
    const diverged = await folder.fresh();
    const { code, err } = await softdraw(diverged, ...diverging());
    expect({ code, err }).toEqual({ code: 1, err: expect.stringMatching(ONE_LINE) });
    const path = (await onlyRun(diverged)).slice(diverged.length + 1);
    expect((await readdir(join(diverged, path))).sort()).toEqual(["config.json", "diverged.json"]);
    const { out } = await call(diverged, "runs");
    expect(out).toMatch(/ diverged .* is (NaN|-?Infinity) at epoch 1, step \d /);
    for (const command of ["resume", "eval"])
      expect(await call(diverged, command, path)).toMatchObject({ code: 1, err });
  });

  test("with --debug, says also where", async () => {
    const { code, err } = await call(await folder.fresh(), ...diverging(), "--debug");
    expect(code).toBe(1);
    expect(err).toMatch(/^error: Error: runs\/vae-\S+ diverged: .*\n\s+at .*divergence\.ts/);
  });

  test("in one step, of which the loss is finite, is found in what it measures", async () => {
    const args = ["train", "vae", "--data", "mnist", "--data-dir", folder.path(), "--batch", "200"];
    const { code, err } = await call(await folder.fresh(), ...args, "--epochs", "1", "--learning-rate", "1e30");
    expect(code).toBe(1);
    expect(err).toMatch(/ diverged: the (epoch's|state's) \S+ is (NaN|-?Infinity) at epoch 1, step 1\. /);
  });

  test("of sorting, whose errors are finite all the same, does not count as finished", async () => {
    const home = await folder.fresh();
    const args = ["train", "sort", "--epochs", "1", "--steps", "1", "--learning-rate", "1e39"];
    const { code, err } = await call(home, ...args);
    expect(code).toBe(1);
    expect(err).toMatch(/ diverged: the state's \S+ is (NaN|-?Infinity) at epoch 1, step 1\. /);
    expect(await readdir(await onlyRun(home))).not.toContain("checkpoint.safetensors");
  });
});

describe("a damaged run", () => {
  test("is listed with its reason below the others, and hides none of them", async () => {
    const copy = await copyOfRun();
    const root = dirname(copy);
    const damaged = join(root, "vae-damaged");
    await cp(copy, damaged, { recursive: true });
    await writeFile(join(damaged, "metrics.jsonl"), '{"epoch":1,"loss":"\\u001b[2J"}\n');
    const reason = `${damaged}/metrics.jsonl, line 1: loss: Expected a number, got "\\u001b[2J"`;
    const { code, out } = await call(home, "runs", "--runs-dir", root);
    expect(code).toBe(0);
    expect(out).toMatch(new RegExp(`${basename(copy)} .* finished .* discrete test loss`));
    expect(out).toMatch(/ vae-damaged .* damaged /);
    expect(out).toContain(`\ndamaged: ${reason}\n`);
    const { out: json } = await call(home, "runs", "--runs-dir", root, "--json");
    expect(records(json)).toMatchObject([
      { type: "run", name: basename(copy), state: "finished" },
      { type: "run", name: "vae-damaged", path: damaged, state: "damaged", reason },
    ]);
  });
});

describe("resume", () => {
  test("of a finished run changes nothing", async () => {
    const copy = await copyOfRun();
    const before = await bytesOf(copy);
    const { code, out, err } = await call(home, "resume", copy);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toContain("discrete test loss");
    expect(await bytesOf(copy)).toEqual(before);
    expect(await textOf(copy, "metrics.jsonl")).toBe(await textOf(run, "metrics.jsonl"));
    expect(await textOf(copy, "result.json")).toBe(await textOf(run, "result.json"));
    expect((await readdir(copy)).sort()).toEqual((await readdir(run)).sort());
  });

  test("of a run that another process writes to is refused, and that one goes on", async () => {
    const busy = await folder.fresh();
    const first = start(busy, ...tinyTraining(folder.path(), 10_000, "--json"));
    await first.output('"type":"epoch"', 2);
    const path = await onlyRun(busy);
    const second = await call(busy, "resume", path);
    expect(second.code).toBe(1);
    expect(second.err).toMatch(new RegExp(`^error: ${path} is in use by process ${first.child.pid} since .*\n$`));
    expect((await call(busy, "runs")).out).toContain(" running ");
    const soFar = records(await textOf(path, "metrics.jsonl")).length;
    await first.output('"type":"epoch"', soFar + 2);
    first.child.kill("SIGINT");
    const { code, out } = await first.finished;
    expect(code).toBe(130);
    const epochs = records(out).filter(({ type }) => type === "epoch");
    expect(epochs.map(({ epoch }) => epoch)).toEqual(epochs.map((_, i) => i + 1));
    expect(records(await textOf(path, "metrics.jsonl"))).toHaveLength(epochs.length);
  });
});

describe("a checkpoint that is not the run's own is refused, and nothing else touched", () => {
  const replace = async (path: string, change: (bytes: Buffer) => Uint8Array | string) => {
    const file = join(path, "checkpoint.safetensors");
    await writeFile(file, change(await readFile(file)));
  };
  const edit = (bytes: Buffer, edits: object) => encodeCheckpoint({ ...decodeCheckpoint(bytes, "own"), ...edits });
  const place = (path: string, position: string) =>
    replace(path, (bytes) => edit(bytes, { metadata: { ...decodeCheckpoint(bytes, "own").metadata, position } }));
  const weight = (path: string, data: Int32Array | Float32Array) =>
    replace(path, (bytes) => {
      const { tensors } = decodeCheckpoint(bytes, "own");
      return edit(bytes, { tensors: { ...tensors, "model.encoder.2.weight": { shape: [40, 256], data } } });
    });
  const damages: [string, (path: string) => Promise<void>, RegExp][] = [
    [
      "truncated",
      (path) => truncate(join(path, "checkpoint.safetensors"), 100_000),
      /checkpoint\.safetensors is not a whole safetensors checkpoint: expected \d+ bytes of data/,
    ],
    ["no safetensors file", (path) => replace(path, () => "hello, world"), /is not a whole safetensors checkpoint/],
    ["empty", (path) => replace(path, () => ""), /expected at least 8 bytes, got 0/],
    [
      "of other software",
      (path) => replace(path, (bytes) => edit(bytes, { metadata: { format: "pt" } })),
      /The checkpoint is of something else: expected the metadata experiment "vae" and a position/,
    ],
    [
      "of another model",
      (path) =>
        replace(path, (bytes) => {
          const { tensors, metadata } = decodeCheckpoint(bytes, "own");
          const smaller = { shape: [2, 256], data: new Float32Array(512) };
          // Believing it would cut a record off.
          const fewer = { ...metadata, metrics_records: "1" };
          return edit(bytes, { tensors: { ...tensors, "model.encoder.2.weight": smaller }, metadata: fewer });
        }),
      /The checkpoint's tensor model\.encoder\.2\.weight: expected shape \[40,256\], got \[2,256\]/,
    ],
    ["at no place", (path) => place(path, "null"), /position cannot be read: Invalid input: .*, got null\./],
    [
      "at half a step",
      (path) => place(path, '{"epoch":1,"step":1.5,"sums":[]}'),
      /position cannot be read: step: Expected a whole number, got 1\.5\./,
    ],
    [
      "before the first epoch",
      (path) => place(path, '{"epoch":-5,"step":1,"sums":[]}'),
      /position cannot be read: epoch: Expected a number of at least 1, got -5\./,
    ],
    [
      "at a place of much text",
      (path) => place(path, `"\u001b[2J${"x".repeat(10_000)}"`),
      /position cannot be read: Invalid input: .*, got "\S{77,79}…\.\n/,
    ],
    [
      "with whole numbers for weights",
      (path) => weight(path, new Int32Array(40 * 256)),
      /The checkpoint's tensor model\.encoder\.2\.weight: expected float32, got int32\./,
    ],
    [
      "with weights that are not finite",
      (path) => weight(path, new Float32Array(40 * 256).fill(Number.NaN, -1)),
      /The checkpoint's tensor model\.encoder\.2\.weight: expected finite numbers, got NaN\./,
    ],
  ];

  test.each(damages)("%s", async (_, damage, message) => {
    const copy = await copyOfRun();
    await damage(copy);
    for (const command of ["resume", "eval"]) {
      const { code, err } = await call(home, command, copy);
      expect(err).toMatch(message);
      expect(err).toMatch(/^error: .*\n$/);
      expect(err).toContain(copy);
      expect(code).toBe(1);
    }
    for (const name of ["config.json", "metrics.jsonl", "result.json"]) {
      expect(await textOf(copy, name)).toBe(await textOf(run, name));
    }
    expect(await readdir(copy)).not.toContain("lock");
  });
});
