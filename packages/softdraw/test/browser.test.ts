/** The library in a page: the same numbers as in Node, to the last bit but for products of matrices. */

import { fileURLToPath } from "node:url";
import { lacksChromium, launchChromium, listen } from "@softdraw/testing/chromium";
import { largestDifference } from "@softdraw/testing/numbers";
import { build } from "esbuild";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compute, computeSpoilt } from "./computed.ts";
import { expectSpoilt } from "./expect-spoilt.ts";
import { readStructures, structureNames } from "./structures.ts";

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
    const inPage = (await page.evaluate(`(${compute})(modules, "wasm")`)) as Awaited<ReturnType<typeof compute>>;
    const structures = await readStructures();
    const modules = { jax: await import("@jax-js/jax"), softdraw: await import("softdraw"), structures };
    const inNode = await compute(modules, "wasm");
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
      expectSpoilt(found, onWasm);
    } finally {
      await withGpu.close();
    }
  }, 120_000);
});
