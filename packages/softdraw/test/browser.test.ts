/** The library in a page: the same draws as in Node, to the last bit. */

import { fileURLToPath } from "node:url";
import { lacksChromium, launchChromium, listen } from "@softdraw/testing/chromium";
import { largestDifference } from "@softdraw/testing/numbers";
import { build } from "esbuild";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

/** What is drawn, in Node and in the page alike. Has to stand alone: the page gets its text. */
async function draw({ jax, softdraw }: Modules) {
  await jax.init("wasm");
  jax.defaultDevice("wasm");
  const { numpy: np, random } = jax;
  const { bernoulli, categorical, noise, permutation, subset } = softdraw;
  const logits = () => random.normal(random.key(1), [50, 7]);
  const loss = (l: import("@jax-js/jax").numpy.Array) =>
    categorical
      .relax(random.key(3), l, { temperature: 0.5, hard: true })
      .mul(np.array([0, 1, 2, 3, 4, 5, 6]))
      .sum();
  const read = async (x: import("@jax-js/jax").numpy.Array): Promise<number[]> => [...(await x.data())];
  return {
    choices: await read(categorical.sample(random.key(2), logits())),
    coins: await read(bernoulli.sample(random.key(2), logits())),
    relaxed: await read(categorical.relax(random.key(2), logits(), { temperature: 0.3 })),
    entropy: await read(categorical.entropy(logits())),
    gradient: await read(jax.grad(loss)(logits())),
    gumbel: await read(noise.gumbel(random.key(4), [1000])),
    permutations: await read(await permutation.sample(random.key(2), random.normal(random.key(5), [20, 6, 6]))),
    plans: await read(permutation.relax(random.key(2), random.normal(random.key(5), [20, 6, 6]), { temperature: 0.1 })),
    subsets: await read(subset.sample(random.key(2), logits(), 3)),
    relaxedSubsets: await read(subset.relax(random.key(2), logits(), 3, { temperature: 0.3 })),
    subsetLaw: await read(subset.setLogProb(subset.mode(logits(), 3), logits(), 3)),
  };
}

type Modules = { jax: typeof import("@jax-js/jax"); softdraw: typeof import("softdraw") };

describe.skipIf(lacksChromium("The library"))("in a browser", () => {
  let browser: Browser;
  let page: Page;
  let complaints: readonly string[];

  beforeAll(async () => {
    const { outputFiles } = await build({
      stdin: {
        contents: `export * as jax from "@jax-js/jax"; export * as softdraw from "../src/index.ts";`,
        resolveDir: fileURLToPath(new URL(".", import.meta.url)),
      },
      ...{ bundle: true, format: "iife", globalName: "modules", write: false, target: "es2022" },
    });
    browser = await launchChromium();
    page = await browser.newPage();
    complaints = listen(page).complaints;
    await page.addScriptTag({ content: outputFiles![0]!.text });
  });

  afterAll(() => browser?.close());

  test("wasm draws what Node draws", async () => {
    const inPage = (await page.evaluate(`(${draw})(modules)`)) as Awaited<ReturnType<typeof draw>>;
    const inNode = await draw({ jax: await import("@jax-js/jax"), softdraw: await import("softdraw") });
    expect(inPage.choices).toEqual(inNode.choices);
    expect(inPage.coins).toEqual(inNode.coins);
    expect(inPage.permutations).toEqual(inNode.permutations);
    expect(inPage.subsets).toEqual(inNode.subsets);
    const floats = ["relaxed", "entropy", "gradient", "gumbel", "relaxedSubsets", "subsetLaw", "plans"] as const;
    for (const name of floats) {
      expect(largestDifference(inPage[name], inNode[name]), name).toBe(0);
    }
    expect(complaints).toEqual([]);
  });
});
