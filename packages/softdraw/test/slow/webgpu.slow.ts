/** Every structure on WebGPU in Node: the numbers of WebAssembly but for rounding, and NaN where there is no law. */

import { largestDifference } from "@softdraw/testing/numbers";
import { lacksWebgpu, SOFTWARE_ADAPTER } from "@softdraw/testing/webgpu";
import { installWebgpu } from "@softdraw/threads/webgpu";
import { beforeAll, describe, expect, test } from "vitest";
import { compute, computeSpoilt, expectSpoilt, type Modules } from "../computed.ts";
import { readStructures } from "../structures.ts";

const TIMEOUT = 300_000;

describe.skipIf(lacksWebgpu("Every structure"))("on WebGPU", () => {
  let modules: Modules;

  beforeAll(async () => {
    Object.assign(process.env, SOFTWARE_ADAPTER);
    await installWebgpu();
    const structures = await readStructures();
    modules = { jax: await import("@jax-js/jax"), softdraw: await import("softdraw"), structures };
  });

  test("every verb, draw and gradient is that of WebAssembly", { timeout: TIMEOUT }, async () => {
    const expected = await compute(modules, "wasm");
    const found = await compute(modules, "webgpu");
    expect(Object.keys(found)).toEqual(Object.keys(expected));
    for (const [name, values] of Object.entries(found)) {
      const largest = Math.max(1, ...expected[name]!.map(Math.abs).filter(Number.isFinite));
      expect(largestDifference(values, expected[name]!) / largest, name).toBeLessThan(1e-4);
    }
  });

  test("what has no law is NaN, and its neighbours are as on WebAssembly", { timeout: TIMEOUT }, async () => {
    expectSpoilt(await computeSpoilt(modules, "webgpu"), await computeSpoilt(modules, "wasm"));
  });
});
