/** Every structure on WebGPU in Node: the numbers of WebAssembly but for rounding, and NaN where there is no law. */

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { largestDifference } from "@softdraw/testing/numbers";
import { RUN_SOURCES } from "@softdraw/testing/sources";
import { lacksWebgpu, SOFTWARE_ADAPTER } from "@softdraw/testing/webgpu";
import { beforeAll, describe, expect, test } from "vitest";
import { expectSpoilt } from "../expect-spoilt.ts";

const PROGRAM = fileURLToPath(new URL("./computed-program.ts", import.meta.url));

type Computed = Record<"plain" | "spoilt", Record<string, number[]>>;

/** In a process of its own: what has computed on one device computes on no other. */
function computeOn(device: "wasm" | "webgpu"): Computed {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...RUN_SOURCES, PROGRAM, device], {
    encoding: "utf8",
    env: { ...process.env, ...SOFTWARE_ADAPTER },
    maxBuffer: 2 ** 28,
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return JSON.parse(stdout, (_, value) => (typeof value === "string" ? Number(value) : value));
}

describe.skipIf(lacksWebgpu("Every structure"))("on WebGPU", () => {
  let onWasm: Computed;
  let onWebgpu: Computed;

  beforeAll(() => {
    onWasm = computeOn("wasm");
    onWebgpu = computeOn("webgpu");
  }, 300_000);

  test("every verb, draw and gradient is that of WebAssembly", () => {
    expect(Object.keys(onWebgpu.plain)).toEqual(Object.keys(onWasm.plain));
    const far = Object.entries(onWebgpu.plain).flatMap(([name, values]) => {
      const expected = onWasm.plain[name]!;
      const largest = Math.max(1, ...expected.map(Math.abs).filter(Number.isFinite));
      const difference = largestDifference(values, expected) / largest;
      return difference < 1e-3 ? [] : [`${name}: ${difference}`];
    });
    expect(far).toEqual([]);
  });

  test("what has no law is NaN, and its neighbours are as on WebAssembly", () => {
    expectSpoilt(onWebgpu.spoilt, onWasm.spoilt);
  });
});
