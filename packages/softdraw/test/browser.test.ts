/** The library in a page: the same numbers as in Node, to the last bit but for products of matrices; on WebGPU but for rounding. */

import { fileURLToPath } from "node:url";
import * as jax from "@jax-js/jax";
import { lacksChromium, launchChromium, listen } from "@softdraw/testing/chromium";
import { largestDifference } from "@softdraw/testing/numbers";
import { isThorough } from "@softdraw/testing/thorough";
import { build } from "esbuild";
import type { Browser, Page } from "playwright-core";
import * as softdraw from "softdraw";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compute, computeSpoilt } from "./computed.ts";
import { readStructures, structureNames } from "./structures.ts";

type Computed = Awaited<ReturnType<typeof compute>>;

/** Of the largest number of a result: the engine's logarithm on WebAssembly is off by as much. */
const ROUNDING = 2e-5;

const structures = await readStructures();
const modulesOfNode = { jax, softdraw, structures };

/** Draws and gradients alone, of those instances that are not one more of their kind. A page gets its text. */
function withoutCalls<M extends { structures: typeof structures }>(modules: M): M {
  const alone = modules.structures.map((structure) => ({
    ...structure,
    calls: [],
    instances: structure.instances.filter(({ another }) => another === undefined),
  }));
  return { ...modules, structures: alone };
}

/** That of results in three rows the one with no law is NaN, and that its neighbours are the same on both devices. */
function expectSpoilt(found: Computed, onWasm: Computed): void {
  expect(Object.keys(found).length).toBeGreaterThan(50);
  for (const [name, values] of Object.entries(found)) {
    values.forEach((x, i) => {
      const expected = onWasm[name]![i]!;
      if (!Number.isNaN(x)) expect(Math.abs(x - expected), name).toBeLessThan(1e-5 * Math.max(1, Math.abs(expected)));
    });
    const isSpoilt = (i: number) =>
      name.startsWith("subset.sampleOrdered") || Math.floor((3 * i) / values.length) === 1;
    expect(values.map(Number.isNaN), name).toEqual(values.map((_, i) => isSpoilt(i)));
  }
}

describe.skipIf(lacksChromium("The library"))("in a browser", () => {
  let browser: Browser;
  let page: Page;
  let complaints: readonly string[];
  let script: string;
  let inNode: Computed;

  beforeAll(async () => {
    const imports = structureNames.map((name) => `import { description as ${name} } from "./structures/${name}.ts";`);
    const { outputFiles } = await build({
      stdin: {
        contents: `
          ${imports.join("\n")}
          export * as jax from "@jax-js/jax";
          export * as softdraw from "softdraw";
          export const structures = [${structureNames}];`,
        resolveDir: fileURLToPath(new URL(".", import.meta.url)),
      },
      alias: { softdraw: fileURLToPath(new URL("../src/index.ts", import.meta.url)) },
      bundle: true,
      format: "iife",
      globalName: "modules",
      write: false,
      target: "es2022",
    });
    browser = await launchChromium();
    page = await browser.newPage();
    complaints = listen(page).complaints;
    script = outputFiles[0]!.text;
    inNode = await compute(modulesOfNode, "wasm");
    await page.addScriptTag({ content: script });
  }, 180_000);

  afterAll(() => browser?.close());

  test("wasm computes what Node computes", async () => {
    const inPage: Computed = await page.evaluate(`(${compute})(modules, "wasm")`);
    expect(Object.keys(inNode).length).toBeGreaterThan(50);
    expect(Object.keys(inPage)).toEqual(Object.keys(inNode));
    const tolerances = new Map(
      structures.flatMap(({ calls, instances, tolerance }) => [
        ...calls.map(({ name }) => [name, tolerance] as const),
        ...instances.map(({ name }) => [`gradient of ${name}`, tolerance] as const),
      ]),
    );
    for (const [name, expected] of Object.entries(inNode)) {
      expect(largestDifference(inPage[name]!, expected), name).toBeLessThanOrEqual(tolerances.get(name) ?? 0);
    }
    expect(complaints).toEqual([]);
  });

  describe("with WebGPU", () => {
    let withGpu: Browser;
    let gpuPage: Page;

    beforeAll(async () => {
      withGpu = await launchChromium("--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader");
      gpuPage = await withGpu.newPage();
      // A page of an address that counts as secure, which a blank one does not.
      await gpuPage.route("http://localhost/", (route) => route.fulfill({ contentType: "text/html", body: "" }));
      await gpuPage.goto("http://localhost/");
      await gpuPage.addScriptTag({ content: script });
    });

    afterAll(() => withGpu?.close());

    // A program in a card's place takes a minute for all verbs; in Node the laws are asked of the same program.
    const asked = isThorough ? "modules" : `(${withoutCalls})(modules)`;

    test(`${isThorough ? "every verb, draw and gradient is" : "draws and gradients are"} what Node computes, but for rounding`, async () => {
      const found: Computed = await gpuPage.evaluate(`(${compute})(${asked}, "webgpu")`);
      const { structures: alone } = isThorough ? modulesOfNode : withoutCalls(modulesOfNode);
      for (const name of alone.flatMap(({ instances }) => instances.map(({ name }) => `gradient of ${name}`))) {
        expect(found).toHaveProperty([name]);
      }
      const far = Object.entries(found).flatMap(([name, values]) => {
        const largest = Math.max(1, ...inNode[name]!.map(Math.abs).filter(Number.isFinite));
        const difference = largestDifference(values, inNode[name]!) / largest;
        return difference < ROUNDING ? [] : [`${name}: ${difference}`];
      });
      expect(far).toEqual([]);
    }, 120_000);

    // The laws ask it of the same software adapter in Node.
    test.runIf(isThorough)(
      "what has no law is NaN, and its neighbours are as on WebAssembly",
      async () => {
        const found: Computed = await gpuPage.evaluate(`(${computeSpoilt})(modules, "webgpu")`);
        expectSpoilt(found, await computeSpoilt(modulesOfNode, "wasm"));
      },
      120_000,
    );
  });
});
