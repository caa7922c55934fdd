/** The library in a page: the same numbers as in Node, to the last bit but for products of matrices. */

import { fileURLToPath } from "node:url";
import type { numpy as np } from "@jax-js/jax";
import { lacksChromium, launchChromium, listen } from "@softdraw/testing/chromium";
import { largestDifference } from "@softdraw/testing/numbers";
import { build } from "esbuild";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Description, readStructures, structureNames } from "./structures.ts";

/** What is computed, in Node and in the page alike, by name. Has to stand alone: the page gets its text. */
async function compute({ jax, softdraw, structures }: Modules): Promise<Record<string, number[]>> {
  await jax.init("wasm");
  jax.defaultDevice("wasm");
  const { grad, random } = jax;
  const results: Record<string, number[]> = {};
  const put = async (name: string, x: np.Array) => {
    results[name] = [...(await x.data())];
  };
  await put("noise.gumbel", softdraw.noise.gumbel(random.key(4), [1000]));
  await put("noise.logistic", softdraw.noise.logistic(random.key(4), [1000]));
  for (const { calls, instances } of structures) {
    for (const { name, arrays, call } of calls) await put(name, await call(...arrays()));
    for (const { name, event, verbs } of instances) {
      const shape = [50, ...event];
      const logits = () => random.normal(random.key(1), shape);
      await put(`draws of ${name}`, await verbs.sample(random.key(2), logits()));
      const loss = (l: np.Array) =>
        verbs
          .relax(random.key(3), l, { temperature: 0.5 })
          .mul(random.normal(random.key(5), shape))
          .sum();
      await put(`gradient of ${name}`, grad(loss)(logits()));
    }
  }
  return results;
}

/** What verbs make of three rows of logits, the second with no law, on a device. Has to stand alone, too. */
async function computeSpoilt({ jax, softdraw, structures }: Modules, device: "wasm" | "webgpu") {
  await jax.init("wasm", device);
  jax.defaultDevice(device);
  const { numpy: np, random } = jax;
  const results: Record<string, number[]> = {};
  for (const { instances } of structures) {
    for (const { name, event, verbs, hopeless, onHost, absolute, ...functions } of instances) {
      const size = event.reduce((a, b) => a * b, 1);
      const plain = Array.from({ length: size }, (_, i) => Math.sin(i + 1));
      const spoilt = {
        NaN: plain.map((x, i) => (i === 0 ? Number.NaN : x)),
        ...(absolute ? {} : { Infinity: plain.map((x, i) => (i === 0 ? Number.POSITIVE_INFINITY : x)) }),
        ...(hopeless.length === 0
          ? {}
          : { hopeless: plain.map((x, i) => (hopeless.includes(i) ? Number.NEGATIVE_INFINITY : x)) }),
      };
      const called: Record<string, (l: np.Array) => np.Array> = {
        ...functions.differentiable,
        ...functions.differentiableIfPossible,
        softMode: (l) => verbs.softMode(l),
        relax: (l) => verbs.relax(random.key(1), l),
      };
      if (!onHost) {
        called.sample = (l) => verbs.sample(random.key(1), l) as np.Array;
        called.mode = (l) => verbs.mode(l) as np.Array;
      }
      for (const [kind, row] of Object.entries(spoilt)) {
        for (const [verb, f] of Object.entries(called)) {
          const rows = np.array([plain, row, plain].flat(), { shape: [3, ...event] });
          results[`${name}.${verb} of ${kind}`] = [...(await f(rows).data())];
        }
      }
    }
  }
  const order = softdraw.subset.sampleOrdered(random.key(1), np.array([0, Number.NaN, 1]), 2);
  results["subset.sampleOrdered of NaN"] = [...(await order.data())].map((index) =>
    index === -1 ? Number.NaN : index,
  );
  return results;
}

interface Modules {
  jax: typeof import("@jax-js/jax");
  softdraw: typeof import("softdraw");
  structures: Description[];
}

describe.skipIf(lacksChromium("The library"))("in a browser", () => {
  let browser: Browser;
  let page: Page;
  let complaints: readonly string[];
  let script: string;

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
    await page.addScriptTag({ content: script });
  });

  afterAll(() => browser?.close());

  test("wasm computes what Node computes", async () => {
    const inPage = (await page.evaluate(`(${compute})(modules)`)) as Awaited<ReturnType<typeof compute>>;
    const structures = await readStructures();
    const inNode = await compute({
      jax: await import("@jax-js/jax"),
      softdraw: await import("softdraw"),
      structures,
    });
    expect(Object.keys(inNode).length).toBeGreaterThan(50);
    expect(Object.keys(inPage)).toEqual(Object.keys(inNode));
    const tolerances = new Map(
      structures.flatMap(({ calls, tolerance }) => calls.map(({ name }) => [name, tolerance])),
    );
    for (const [name, expected] of Object.entries(inNode)) {
      expect(largestDifference(inPage[name]!, expected), name).toBeLessThanOrEqual(tolerances.get(name) ?? 0);
    }
    expect(complaints).toEqual([]);
  });

  test("on WebGPU, too, what has no law is NaN, and its neighbours are as on WebAssembly", async () => {
    const structures = await readStructures();
    const withGpu = await launchChromium("--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader");
    try {
      const gpuPage = await withGpu.newPage();
      // A page of an address that counts as secure, which a blank one does not.
      await gpuPage.route("http://localhost/", (route) => route.fulfill({ contentType: "text/html", body: "" }));
      await gpuPage.goto("http://localhost/");
      await gpuPage.addScriptTag({ content: script });
      const found: Record<string, number[]> = await gpuPage.evaluate(`(${computeSpoilt})(modules, "webgpu")`);
      const modules = { jax: await import("@jax-js/jax"), softdraw: await import("softdraw"), structures };
      const onWasm = await computeSpoilt(modules, "wasm");
      expect(Object.keys(found).length).toBeGreaterThan(50);
      for (const [name, values] of Object.entries(found)) {
        values.forEach((x, i) => {
          const expected = onWasm[name]![i]!;
          if (!Number.isNaN(x))
            expect(Math.abs(x - expected), name).toBeLessThan(1e-5 * Math.max(1, Math.abs(expected)));
        });
        const isSpoilt = (i: number) =>
          name.startsWith("subset.sampleOrdered") || Math.floor((3 * i) / values.length) === 1;
        expect(values.map(Number.isNaN), name).toEqual(values.map((_, i) => isSpoilt(i)));
      }
    } finally {
      await withGpu.close();
    }
  }, 120_000);
});
