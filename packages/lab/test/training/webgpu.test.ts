/** Steps of a training on WebGPU: those of WebAssembly but for rounding, and in as many buffers however many there are. */

import { defaultDevice, getWebGPUDevice, init } from "@jax-js/jax";
import { experiments } from "@softdraw/experiments/all";
import { experimentFor } from "@softdraw/experiments/experiment";
import { lacksWebgpu, SOFTWARE_ADAPTER } from "@softdraw/testing/webgpu";
import { installWebgpu } from "@softdraw/threads/webgpu";
import { beforeAll, describe, expect, test } from "vitest";
import { loadData } from "../../src/training/data.ts";
import { silentReporter } from "../../src/training/reporter.ts";

/** A training of a few examples a step, and of more steps than are taken. */
const CONFIGURATIONS: Readonly<Record<string, object>> = {
  vae: { batch: 4, variables: 2 },
  sort: { batch: 2, steps: 100 },
  explain: { task: "xor", batch: 4 },
};

/** The losses of the first steps of a training. */
async function losses(name: string, steps: number, onStep = (_step: number) => {}): Promise<number[]> {
  const family = experiments.find((experiment) => experiment.name === name)!;
  const config = family.schema.parse(CONFIGURATIONS[name]!);
  const experiment = experimentFor(family, config);
  const taken: number[] = [];
  for await (const { loss } of experiment.run(config, { data: await loadData(config, silentReporter) })) {
    taken.push(loss);
    onStep(taken.length);
    if (taken.length === steps) break;
  }
  return taken;
}

const STEPS = 3;

describe.skipIf(lacksWebgpu("A training"))("on WebGPU", () => {
  const onWasm = new Map<string, number[]>();

  beforeAll(async () => {
    // First of all, because a process that has computed on WebGPU computes on no other device afterwards.
    for (const name of Object.keys(CONFIGURATIONS)) onWasm.set(name, await losses(name, STEPS));
    Object.assign(process.env, SOFTWARE_ADAPTER);
    await installWebgpu();
    await init("webgpu");
    defaultDevice("webgpu");
  });

  test.each(Object.keys(CONFIGURATIONS))("the steps of %s are those of wasm but for rounding", async (name) => {
    const found = await losses(name, STEPS);
    for (const [i, expected] of onWasm.get(name)!.entries()) {
      expect(Math.abs(found[i]! / expected - 1), `step ${i + 1}`).toBeLessThan(1e-4);
    }
  });

  test("a step keeps no buffers", async () => {
    const kept: number[] = [];
    const count = watchBuffers();
    await losses("sort", 44, () => kept.push(count()));
    // Of the first steps the engine keeps some, to use them again.
    expect(kept[34]).toBeGreaterThan(0);
    expect(kept.slice(35)).toEqual(kept.slice(35).map(() => kept[34]));
  });
});

/**
 * Counts the buffers of arrays that are made from now on, less those of them that are destroyed. What a kernel is told besides
 * arrays, some bytes a step, the engine leaves to the garbage collector.
 */
function watchBuffers(): () => number {
  const device = getWebGPUDevice();
  const createBuffer = device.createBuffer.bind(device);
  let count = 0;
  device.createBuffer = (descriptor) => {
    const buffer = createBuffer(descriptor);
    if (!(descriptor.usage & GPUBufferUsage.STORAGE)) return buffer;
    const destroy = buffer.destroy.bind(buffer);
    count++;
    buffer.destroy = () => {
      count--;
      return destroy();
    };
    return buffer;
  };
  return () => count;
}
