/**
 * A training holds the same memory from step to step, and gives it all back.
 *
 * The engine keeps all arrays in one WebAssembly memory, which grows when no freed block fits. To see it, its constructor is
 * wrapped before the engine is loaded: hence the dynamic imports, and nothing shared with other tests.
 */

import type { numpy } from "@jax-js/jax";
import { beforeAll, expect, test } from "vitest";
import type { DatasetSplits } from "../../src/data/types.ts";

const memories: WebAssembly.Memory[] = [];
const { Memory } = WebAssembly;
WebAssembly.Memory = class extends Memory {
  constructor(descriptor: WebAssembly.MemoryDescriptor) {
    super(descriptor);
    memories.push(this);
  }
};
const { numpy: np, tree } = await import("@jax-js/jax");
const { categoricalVae } = await import("../../src/experiments/categorical-vae.ts");
const { configuration, fewDigits, HOOK_TIMEOUT, train } = await import("./support.ts");
WebAssembly.Memory = Memory;

const PAGE = 65_536;
/** The engine hands out memory in blocks of at least so many bytes. */
const BLOCK = 64;

const memoryBytes = () => memories.reduce((bytes, memory) => bytes + memory.buffer.byteLength, 0);
const block = () => np.array(Float32Array.from({ length: BLOCK / 4 }, (_, i) => i));

/** By how many bytes the memory grows in `work`. */
async function growth(work: () => Promise<void>): Promise<number> {
  const before = memoryBytes();
  await work();
  return memoryBytes() - before;
}

/** `growth`, which also shows a leak of a single number in each of `times` rounds: they find only room for three quarters. */
async function growthToTheNumber(times: number, work: () => Promise<void>): Promise<number> {
  const held = fillSmallBlocks(0.75 * times);
  const grown = await growth(work);
  tree.dispose(held);
  return grown;
}

/** Takes all the free small blocks, and of a newly grown page all but `spare`. */
function fillSmallBlocks(spare: number): numpy.Array[] {
  const held: numpy.Array[] = [];
  const before = memoryBytes();
  while (memoryBytes() === before) {
    held.push(block());
    if (held.length > 1e5) throw new Error("The engine's memory is not the one watched: it does not grow.");
  }
  for (let free = PAGE / BLOCK; free > spare; free--) held.push(block());
  return held;
}

let data: DatasetSplits;

beforeAll(async () => {
  data = await fewDigits(100, 20);
}, HOOK_TIMEOUT);

const WARM_UP = 3;
const EPOCHS = 5;
const STEPS = 20;

test("epochs after the first few need no more memory", async () => {
  const config = configuration({ epochs: WARM_UP + EPOCHS, batch: 100 / STEPS, schedule: "linear", hard: true });
  const events = categoricalVae.run(config, { data });
  const epochs = async (count: number) => {
    for (let step = 0; step < count * STEPS; step++) {
      const { value } = await events.next();
      if (step % 7 === 0) await value!.checkpoint();
    }
  };
  await epochs(WARM_UP);
  expect(await growthToTheNumber(EPOCHS * STEPS, () => epochs(EPOCHS))).toBe(0);
  await events.return();
});

const ROUNDS = 6;

const rounds = (work: () => Promise<unknown>) => async () => {
  for (let round = 0; round < ROUNDS; round++) await work();
};

test("a training that is abandoned, or that is over, leaves nothing behind", async () => {
  const config = configuration({ epochs: 1, batch: 50 });
  const abandon = (steps: number) => () => train(config, data, { steps });
  for (const steps of [1, 2]) {
    await abandon(steps)();
    expect(await growth(rounds(abandon(steps)))).toBe(0);
  }
});

test("a training that fails leaves nothing behind", async () => {
  const config = configuration({ learningRate: 1e38, batch: 50 });
  const fail = () => expect(train(config, data)).rejects.toThrow("The loss is");
  await fail();
  expect(await growth(rounds(fail))).toBe(0);
});

test("looking at a model leaves nothing behind, and more samples of the bound take no more memory", async () => {
  const config = configuration({ epochs: 1 });
  const { checkpoint } = await train(config, data);
  const trained = { config, checkpoint };
  const evaluate = (importanceSamples: number) =>
    categoricalVae.evaluate(trained, data, { importanceSamples, examples: 20, seed: 0 });
  const look = async () => {
    categoricalVae.check(config, { data, checkpoint });
    await categoricalVae.pictures(trained, data);
    await evaluate(100);
  };
  await look();
  expect(await growth(rounds(look))).toBe(0);
  expect(await growth(async () => void (await evaluate(ROUNDS * 100)))).toBe(0);
});

test("a leak of one number a step would show", async () => {
  const leaked: numpy.Array[] = [];
  const leak = async () => {
    for (let step = 0; step < EPOCHS * STEPS; step++) leaked.push(block());
  };
  expect(await growthToTheNumber(EPOCHS * STEPS, leak)).toBeGreaterThan(0);
});
