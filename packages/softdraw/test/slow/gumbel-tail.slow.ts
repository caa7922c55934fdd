/**
 * The upper tail of the Gumbel noise, at 10^8 draws: what decides an argmax among millions. Some ten seconds on one
 * core, and therefore not part of the normal run:
 *
 *     npx vitest run --config vitest.slow.config.ts
 */

import { random } from "@jax-js/jax";
import { noise } from "softdraw";
import { expect, test } from "vitest";

const BLOCK = 1_000_000;
const BLOCKS = 100;

test("P(G > 15) is 1 - exp(-exp(-15)) at 10^8 draws, all finite", () => {
  let above = 0;
  let infinite = 0;
  let engineInfinite = 0;
  for (let block = 0; block < BLOCKS; block++) {
    for (const x of noise.gumbel(random.key(1000 + block), [BLOCK]).dataSync()) {
      if (x > 15) above++;
      if (!Number.isFinite(x)) infinite++;
    }
    for (const x of random.gumbel(random.key(1000 + block), [BLOCK]).dataSync()) {
      if (!Number.isFinite(x)) engineInfinite++;
    }
  }
  console.log(`above 15: ${above} (expected 30.6); infinite: ${infinite}; engine's own, infinite: ${engineInfinite}`);
  expect(infinite).toBe(0);
  // Poisson of mean 30.59: P(below 12) and P(above 54) are below 5e-5 each.
  expect(above).toBeGreaterThanOrEqual(12);
  expect(above).toBeLessThanOrEqual(54);
}, 600_000);
