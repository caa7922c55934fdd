/** Every experiment and every command that computes, on WebGPU: to their end, with the numbers of WebAssembly but for rounding. */

import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { decodePicture, encodePicture } from "@softdraw/experiments/report/png";
import { noise } from "@softdraw/testing/bytes";
import { largestDifference } from "@softdraw/testing/numbers";
import { missingRedis, startRedis } from "@softdraw/testing/redis-server";
import { RUN_SOURCES } from "@softdraw/testing/sources";
import { lacksWebgpu, SOFTWARE_ADAPTER } from "@softdraw/testing/webgpu";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { call, onlyRun, records, softdraw, start, startCommand, useFolder } from "../cli/support.ts";

const FAILING_DEVICE = fileURLToPath(new URL("./failing-device.ts", import.meta.url));

const files = useFolder();
const TIMEOUT = 600_000;

const digits = () => ["--data", "mnist", "--data-dir", files.path()];

/**
 * Of the largest number of a record. The engine's normal numbers, with which weights begin, were seen to be off by 5e-4 on WebGPU,
 * as a cosine may be, which WebGPU lets be off by 2^-11; a few steps make more of that.
 */
const STEPS_APART = 5e-3;

/** A few steps of everything that can be trained. */
const TRAININGS: Readonly<Record<string, () => string[]>> = {
  vae: () => ["vae", ...digits(), "--batch", "50", "--epochs", "2", "--variables", "4"],
  dknn: () => ["dknn", ...digits(), "--batch", "50", "--epochs", "1"],
  jigsaw: () => [
    ...["jigsaw", ...digits(), "--batch", "50", "--epochs", "1"],
    ...["--pieces", "2", "--channels", "4", "--hidden", "8", "--iterations", "5"],
  ],
  sort: () => ["sort", "--epochs", "2", "--steps", "3", "--batch", "4"],
  rank: () => [
    ...["rank", ...digits(), "--epochs", "2", "--steps", "2", "--batch", "4"],
    ...["--n", "3", "--channels", "4", "--hidden", "8"],
  ],
  graphs: () => [
    ...["graphs", "--epochs", "2", "--simulations", "10", "--batch", "4"],
    ...["--hidden", "8", "--unroll", "3", "--particles", "3"],
  ],
  "explain sequences": () => [
    ...["explain", "--epochs", "2", "--steps", "2", "--batch", "10"],
    ...["--width", "8", "--feed-forward", "8", "--hidden", "8"],
  ],
  "explain xor": () => ["explain", "--task", "xor", "--epochs", "2", "--steps", "2", "--batch", "20"],
  "explain digits": () => [
    ...["explain", "--task", "digits", ...digits(), "--epochs", "1", "--steps", "2", "--batch", "20"],
    ...["--classifier-epochs", "1", "--channels", "4"],
  ],
};

/** Of a process that has computed on WebGPU no other device is asked: so it is one of its own. */
const run = { wasm: call, webgpu: softdraw };

interface Trained {
  readonly home: string;
  readonly folder: string;
  /** Of every epoch, then of the evaluation. */
  readonly records: Record<string, unknown>[];
}

const trainings = new Map<string, Promise<Trained>>();

/** A training on a device, the first one for all who ask. */
function trainedOn(device: "wasm" | "webgpu", training: string): Promise<Trained> {
  const name = `${training} on ${device}`;
  if (!trainings.has(name)) trainings.set(name, trainOn(device, training));
  return trainings.get(name)!;
}

async function trainOn(device: "wasm" | "webgpu", training: string): Promise<Trained> {
  const home = await files.fresh();
  const on = (...args: string[]) => run[device](home, ...args, "--device", device);
  expect(await on("train", ...TRAININGS[training]!())).toMatchObject({ code: 0, err: "" });
  const folder = await onlyRun(home);
  const metrics = records(await readFile(join(folder, "metrics.jsonl"), "utf8"));
  const samples = training === "vae" ? ["--importance-samples", "2"] : [];
  const { code, out, err } = await on("eval", folder, "--examples", "10", ...samples, "--json");
  expect({ code, err }).toEqual({ code: 0, err: "" });
  return { home, folder, records: [...metrics, ...records(out)] };
}

/**
 * All numbers of a record but for its speed, in its order; percentages as shares. Two of the numbers to sort may be so close that
 * rounding decides: of 10,000 lists one device was seen to get three wrong, and the other none.
 */
function numbersOf(value: unknown, whole = 1): number[] {
  if (typeof value === "number") return [value / whole];
  if (typeof value !== "object" || value === null) return [];
  const unit = "unit" in value && value.unit === "%" ? 100 : 1;
  return Object.entries(value).flatMap(([name, part]) => {
    if (name.endsWith("PerSecond")) return [];
    return numbersOf(part, name.startsWith("wrong") ? 100 : unit);
  });
}

describe.skipIf(lacksWebgpu("Every command"))("on WebGPU", () => {
  beforeAll(() => {
    Object.assign(process.env, SOFTWARE_ADAPTER);
  });

  test.each(Object.keys(TRAININGS))(
    "%s is trained and evaluated as on WebAssembly",
    {
      timeout: TIMEOUT,
    },
    async (training) => {
      const [expected, found] = [await trainedOn("wasm", training), await trainedOn("webgpu", training)];
      expect(found.records).toHaveLength(expected.records.length);
      for (const [i, record] of found.records.entries()) {
        const [numbers, right] = [numbersOf(record), numbersOf(expected.records[i])];
        const largest = Math.max(1, ...right.map(Math.abs));
        expect(largestDifference(numbers, right) / largest).toBeLessThan(STEPS_APART);
      }
    },
  );

  test("sample draws the same images", { timeout: TIMEOUT }, async () => {
    const { home, folder } = await trainedOn("webgpu", "vae");
    const sampleOn = async (device: "wasm" | "webgpu") => {
      const args = ["sample", folder, "--count", "4", "--out", `${device}.png`, "--device", device];
      expect(await run[device](home, ...args)).toMatchObject({ code: 0, err: "" });
      return decodePicture(await readFile(join(home, `${device}.png`)));
    };
    const [found, expected] = [await sampleOn("webgpu"), await sampleOn("wasm")];
    expect(largestDifference(found.data, expected.data)).toBeLessThanOrEqual(2);
  });

  test("solve puts the pieces of a picture where they are put on WebAssembly", { timeout: TIMEOUT }, async () => {
    const { home, folder } = await trainedOn("webgpu", "jigsaw");
    const picture = { width: 32, height: 32, channels: 3 as const, data: noise(32 * 32 * 3) };
    await writeFile(join(home, "picture.png"), encodePicture(picture));
    const solveOn = async (device: "wasm" | "webgpu") => {
      const args = ["solve", folder, "picture.png", "--out-dir", device, "--device", device];
      expect(await run[device](home, ...args)).toMatchObject({ code: 0, err: "" });
      return readFile(join(home, device, "solved.png"));
    };
    const [found, expected] = [await solveOn("webgpu"), await solveOn("wasm")];
    expect(found.equals(expected)).toBe(true);
  });

  test("select chooses the same column, and explain the same of each example", { timeout: TIMEOUT }, async () => {
    const home = await files.fresh();
    const rows = Array.from({ length: 60 }, (_, i) => [Math.sin(i), Math.cos(7 * i), Math.sin(i) > 0 ? "yes" : "no"]);
    const lines = (names: string, cells: readonly (readonly unknown[])[]) => [names, ...cells.map(String)].join("\n");
    await writeFile(join(home, "table.csv"), lines("first,second,target", rows));
    await writeFile(
      join(home, "inputs.csv"),
      lines(
        "first,second",
        rows.map((row) => row.slice(0, 2)),
      ),
    );
    await writeFile(
      join(home, "answers.csv"),
      lines(
        "label",
        rows.map((row) => row.slice(2)),
      ),
    );
    const told = async (device: "wasm" | "webgpu", ...args: string[]) => {
      const { code, out, err } = await run[device](home, ...args, "--device", device, "--json");
      expect({ code, err }).toEqual({ code: 0, err: "" });
      return records(out);
    };
    const select = ["select", "table.csv", "--target", "target", "--features", "1", "--folds", "2", "--steps", "5"];
    const explain = ["explain", "--data", "inputs.csv", "--predictions", "answers.csv", "--k", "1"];
    const few = ["--hidden", "8", "--surrogate-steps", "200", "--steps", "100"];
    for (const device of ["wasm", "webgpu"] as const) {
      const selection = (await told(device, ...select)).find(({ type }) => type === "selection");
      expect(selection).toMatchObject({ order: ["first"] });
      const explained = (await told(device, ...explain, ...few)).filter(({ type }) => type === "explained");
      expect(explained.length).toBeGreaterThan(0);
      const right = explained.filter(({ chosen }) => JSON.stringify(chosen).includes("first"));
      expect(right.length / explained.length).toBeGreaterThan(0.8);
    }
  });

  test("a tour of one ends", { timeout: TIMEOUT }, async () => {
    const { code, out, err } = await softdraw(await files.fresh(), "tour", "explain", "--device", "webgpu", "--json");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(records(out).at(-1)).toMatchObject({ type: "tour" });
  });

  const TRIALS = ["sweep", "sort", "--epochs", "1", "--steps", "2", "--batch", "4", "--set", "temperature=0.5,1"];

  async function expectTrials(home: string) {
    const [sweep] = await readdir(join(home, "sweeps"));
    for (const trial of ["00001", "00002"]) {
      const description = await readFile(join(home, "sweeps", sweep!, "trials", trial, "config.json"), "utf8");
      expect(JSON.parse(description).devices).toMatchObject([{ device: "webgpu", epoch: 1 }]);
    }
  }

  test("a sweep trains its trials, and its winner", { timeout: TIMEOUT }, async () => {
    const home = await files.fresh();
    const { code, out, err } = await softdraw(home, ...TRIALS, "--workers", "1", "--device", "webgpu", "--json");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(records(out).map(({ type }) => type)).toContain("winner");
    await expectTrials(home);
  });

  test.skipIf(missingRedis)("a worker trains what a queue has", { timeout: TIMEOUT }, async () => {
    const [there, home] = [await files.fresh(), await files.fresh()];
    const redis = await startRedis();
    onTestFinished(() => redis.remove());
    const worker = start(there, "worker", "--queue", redis.url, "--workers", "1", "--device", "webgpu");
    const swept = await softdraw(home, ...TRIALS, "--no-winner", "--queue", redis.url);
    expect(swept).toMatchObject({ code: 0, err: "" });
    worker.child.kill("SIGTERM");
    expect(await worker.finished).toMatchObject({ code: 130, err: "Stopped.\n" });
    await expectTrials(home);
  });

  test("a training that began on WebAssembly goes on there", { timeout: TIMEOUT }, async () => {
    const home = await files.fresh();
    const { child, output, finished } = start(home, "train", ...TRAININGS.sort!(), "--epochs", "40");
    await output("\n1 ");
    child.kill("SIGINT");
    expect(await finished).toMatchObject({ code: 130 });
    const folder = await onlyRun(home);
    expect(await softdraw(home, "resume", folder, "--device", "webgpu")).toMatchObject({ code: 0, err: "" });
    const { devices } = JSON.parse(await readFile(join(folder, "config.json"), "utf8"));
    expect(devices.map(({ device }: { device: string }) => device)).toEqual(["wasm", "webgpu"]);
  });

  test("a training that was stopped there goes on there, to the same bytes", { timeout: TIMEOUT }, async () => {
    const { folder } = await trainedOn("webgpu", "sort");
    const home = await files.fresh();
    const { child, output, finished } = start(home, "train", ...TRAININGS.sort!(), "--device", "webgpu");
    await output("\n1 ");
    child.kill("SIGINT");
    expect(await finished).toMatchObject({ code: 130 });
    const resumed = await onlyRun(home);
    expect(await softdraw(home, "resume", resumed)).toMatchObject({ code: 0, err: "" });
    const { devices } = JSON.parse(await readFile(join(resumed, "config.json"), "utf8"));
    expect(devices).toMatchObject([{ device: "webgpu", epoch: 1 }]);
    const [expected, found] = await Promise.all(
      [folder, resumed].map((run) => readFile(join(run, "checkpoint.safetensors"))),
    );
    expect(found!.equals(expected!)).toBe(true);
  });

  test.each([
    ["lost", /the graphics card was lost: .*Its last checkpoint is kept.* Continue with: softdraw resume \S+\n$/],
    ["full", /the graphics card has no more memory: there is none\. .*Its last checkpoint is kept.* --device wasm\n$/],
  ])(
    "a device that is %s in the middle ends the training, which goes on on WebAssembly",
    {
      timeout: TIMEOUT,
    },
    async (way, message) => {
      const home = await files.fresh();
      const training = ["train", ...TRAININGS.sort!(), "--epochs", "60", "--device", "webgpu"];
      const program = [...RUN_SOURCES, FAILING_DEVICE, way, join(home, "runs"), ...training];
      const { code, err } = await startCommand(home, process.execPath, program).finished;
      expect({ code, err }).toEqual({ code: 1, err: expect.stringMatching(message) });
      expect(await softdraw(home, "resume", await onlyRun(home), "--device", "wasm")).toMatchObject({
        code: 0,
        err: "",
      });
    },
  );
});
