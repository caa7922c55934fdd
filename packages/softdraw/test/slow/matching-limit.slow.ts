/** Gumbel-Sinkhorn in its limit, for which Sinkhorn needs thousands of iterations. */

import { numpy as np, random } from "@jax-js/jax";
import { largestDifference, normals } from "@softdraw/testing/numbers";
import { noise, permutation } from "softdraw";
import { expect, test } from "vitest";

const values = (x: np.Array) => [...x.dataSync()];
const square = (x: number[], n: number, batch: number[]) => np.array(x, { shape: [...batch, n, n] });
const sum = (x: number[]) => x.reduce((a, b) => a + b, 0);
const range = (n: number) => globalThis.Array.from({ length: n }, (_, i) => i);

/** By how much the best permutation of each perturbed matrix beats the next: that without one of its entries. */
async function leads(perturbed: number[][], n: number): Promise<number[]> {
  const best = values(await permutation.mode(square(perturbed.flat(), n, [perturbed.length])));
  const without = perturbed.flatMap((logits, b) =>
    range(n * n)
      .filter((k) => best[b * n * n + k] === 1)
      .flatMap((taken) => logits.map((l, k) => (k === taken ? Number.NEGATIVE_INFINITY : l))),
  );
  const next = values(await permutation.mode(square(without, n, [perturbed.length, n])));
  const total = (logits: number[], matrix: number[]) => sum(logits.map((l, k) => (matrix[k] === 1 ? l : 0)));
  return perturbed.map((logits, b) => {
    const rivals = range(n).map((i) => total(logits, next.slice((b * n + i) * n * n, (b * n + i + 1) * n * n)));
    return total(logits, best.slice(b * n * n, (b + 1) * n * n)) - Math.max(...rivals);
  });
}

test("a cold plan is the matching, once it has converged and where the best permutation leads by 20 temperatures", async () => {
  const [n, draws, temperature] = [8, 60, 0.01];
  const logits = () => square(normals(72, draws * n * n), n, [draws]);
  const flat = values(noise.perturb(random.key(73), logits()));
  const perturbed = range(draws).map((b) => flat.slice(b * n * n, (b + 1) * n * n));
  const exact = values(await permutation.sample(random.key(73), logits()));
  const options = { temperature, iterations: 15_000, gradient: "implicit" } as const;
  const relaxed = values(permutation.relax(random.key(73), logits(), options));
  const distances = range(draws).map((b) =>
    largestDifference(relaxed.slice(b * n * n, (b + 1) * n * n), exact.slice(b * n * n, (b + 1) * n * n)),
  );
  // A rival that loses by d still has exp(-d / (2 temperature)) of the plan, a thousandth at 14 temperatures.
  const clear = (await leads(perturbed, n)).flatMap((lead, b) => (lead > 20 * temperature ? [distances[b]!] : []));
  expect(clear.length).toBeGreaterThan(draws / 2);
  expect(clear.filter((distance) => distance < 1e-3).length / clear.length).toBeGreaterThanOrEqual(0.99);
}, 600_000);
