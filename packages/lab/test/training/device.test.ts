/** The device of a training: which one `auto` is, and what becomes of a run whose device fails. */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { generated } from "@softdraw/experiments/data/types";
import type { BaseConfig, Experiment } from "@softdraw/experiments/experiment";
import { toy } from "@softdraw/testing/toy";
import { lacksWebgpu, SOFTWARE_ADAPTER } from "@softdraw/testing/webgpu";
import { type WebgpuAdapter, WebgpuFailure, WebgpuUnavailable } from "@softdraw/threads/webgpu";
import { describe, expect, test } from "vitest";
import { createRun } from "../../src/runs/run.ts";
import { DeviceFailed } from "../../src/training/device-failure.ts";
import { useDevice, usedDevice } from "../../src/training/engine.ts";
import { likelyFastest } from "../../src/training/fastest-device.ts";
import { silentReporter } from "../../src/training/reporter.ts";
import { train } from "../../src/training/training.ts";
import { useTemporaryFolder } from "../runs/temporary-folder.ts";

const folder = useTemporaryFolder();

const card: WebgpuAdapter = {
  name: "a card",
  vendor: "somebody",
  software: false,
  largestArray: 2 ** 31,
  workgroupMemory: 2 ** 15,
  workgroupThreads: 1024,
};

describe("--device auto", () => {
  const large = { experiment: "vae", config: { batch: 100 } };

  test.each([
    ["a card and a large batch", large, card, "webgpu"],
    ["a card and a small batch", { ...large, config: { batch: 50 } }, card, "wasm"],
    ["a card and an experiment that was not measured on one", { ...large, experiment: "sort" }, card, "wasm"],
    ["a card and nothing that has a batch", undefined, card, "wasm"],
    ["a program in a card's place", large, { ...card, software: true }, "wasm"],
  ] as const)("with %s", async (_, work, adapter, expected) => {
    expect(await likelyFastest(work, async () => adapter)).toBe(expected);
  });

  test("without WebGPU is wasm, and hides no other error", async () => {
    const failing = (error: Error) => likelyFastest(large, () => Promise.reject(error));
    expect(await failing(new WebgpuUnavailable("nothing there"))).toBe("wasm");
    await expect(failing(new Error("broken"))).rejects.toThrow("broken");
  });
});

test.skipIf(lacksWebgpu("--device auto"))("auto on this machine's software adapter is wasm", async () => {
  Object.assign(process.env, SOFTWARE_ADAPTER);
  await useDevice("auto", { experiment: "vae", config: { batch: 100 } });
  expect(usedDevice()).toEqual({ device: "wasm" });
});

describe("a device that fails in the second epoch", () => {
  const config: BaseConfig & { batch: number } = { seed: 0, epochs: 4, batch: 100 };

  /** What training the toy on such a device throws, and the path of its run. */
  async function trainOn(failure: WebgpuFailure) {
    const experiment: Experiment = {
      ...(toy as Experiment),
      async *run(config, context) {
        for await (const event of (toy as Experiment).run({ ...config, ...toy.schema.parse({}) }, context)) {
          if (event.epoch === 2) throw failure;
          yield event;
        }
      },
    };
    const created = new Date().toISOString();
    const description = { experiment: "toy", version: "0.1.0", created, command: "", config: { ...config } };
    const run = await createRun(folder.path(), description);
    const stop = new AbortController().signal;
    const training = { run, experiment, config, data: generated, reporter: silentReporter, stop };
    const error: Error = await train(training).then(
      () => expect.unreachable("it was trained"),
      (error) => error,
    );
    const [records, checkpoint] = [await run.readMetrics(), await run.loadCheckpoint()];
    await run.close();
    return { path: run.path, error, records, checkpoint };
  }

  test.each([
    ["lost", "the graphics card was lost", "Continue with: softdraw resume PATH"],
    [
      "out-of-memory",
      "the graphics card has no more memory",
      "Train with a smaller --batch than 100, or continue on another device: softdraw resume PATH --device wasm",
    ],
  ] as const)(
    "because it is %s: the last checkpoint is kept, and it is said how to go on",
    async (kind, words, advice) => {
      const { path, error, records, checkpoint } = await trainOn(new WebgpuFailure(kind, "so it was"));
      expect(error).toBeInstanceOf(DeviceFailed);
      expect(error.message).toBe(
        `${path}: ${words}: so it was. Its last checkpoint is kept. ${advice.replace("PATH", path)}`,
      );
      expect(records).toHaveLength(1);
      expect(checkpoint?.metadata.epoch).toBe("1");
    },
  );
});

test("a run says what has trained it, each time that this changes", async () => {
  const created = new Date().toISOString();
  const description = { experiment: "toy", version: "0.1.0", created, command: "", config: { seed: 0, epochs: 4 } };
  const run = await createRun(folder.path(), description);
  const experiment = toy as Experiment;
  const config = toy.schema.parse({});
  const training = { run, experiment, config, data: generated, reporter: silentReporter };
  const trainTo = (epoch: number) => train({ ...training, stop: new AbortController().signal }, epoch);
  expect(await run.readDevices()).toEqual([]);
  await trainTo(1);
  await trainTo(2);
  expect(await run.readDevices()).toEqual([{ device: "wasm", epoch: 1 }]);
  await run.writeDevices([{ device: "webgpu", adapter: "a card", epoch: 1 }]);
  await trainTo(3);
  const expected = [
    { device: "webgpu", adapter: "a card", epoch: 1 },
    { device: "wasm", epoch: 3 },
  ];
  expect(await run.readDevices()).toEqual(expected);
  expect(JSON.parse(await readFile(join(run.path, "config.json"), "utf8"))).toEqual({
    ...description,
    devices: expected,
  });
  await run.close();
});
