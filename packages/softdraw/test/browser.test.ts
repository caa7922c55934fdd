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

interface Modules {
  jax: typeof import("@jax-js/jax");
  softdraw: typeof import("softdraw");
  structures: Description[];
}

describe.skipIf(lacksChromium("The library"))("in a browser", () => {
  let browser: Browser;
  let page: Page;
  let complaints: readonly string[];

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
    await page.addScriptTag({ content: outputFiles[0]!.text });
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
});
