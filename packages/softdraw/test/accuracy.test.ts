/**
 * Log-probabilities, divergences, entropies and densities against float64: to 2e-6 of the largest term that is summed,
 * of the sum, or of 1, whatever the size of the logits. (Float32 itself holds a sum to 6e-8 of it.) A divergence is never
 * negative.
 */

import { numpy as np } from "@jax-js/jax";
import { values } from "@softdraw/testing/device";
import { uniforms } from "@softdraw/testing/numbers";
import { bernoulli, categorical, subset } from "softdraw";
import { describe, expect, test } from "vitest";

type Array = np.Array;

const ACCURACY = 2e-6;
const ROWS = 60;
const SCALES = [1e-3, 0.1, 1, 5, 30, 1e4, 1e8];

const largestOf = (x: number[]) => x.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
const sum = (x: number[]) => x.reduce((a, b) => a + b, 0);
const logSumExp = (x: number[]) => {
  const largest = x.reduce((a, b) => Math.max(a, b));
  return largest + Math.log(sum(x.map((y) => Math.exp(y - largest))));
};
const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
const probability = (l: number) => 1 / (1 + Math.exp(-l));
const logFactorial = (n: number) => sum(Array.from({ length: n }, (_, i) => Math.log(i + 1)));

/** A value in float64, and the terms that it is a sum of. */
interface Exact {
  value: number;
  terms: number[];
}

async function expectClose(found: Array, exact: Exact[]): Promise<void> {
  const errors = (await values(found)).map(
    (x, i) => Math.abs(x - exact[i]!.value) / largestOf([1, exact[i]!.value, ...exact[i]!.terms]),
  );
  expect(Math.max(...errors)).toBeLessThan(ACCURACY);
}

describe.each(SCALES)("logits of size %f", (scale) => {
  const uniform = uniforms(scale);
  const row = (n: number, from: number, to: number) =>
    Array.from({ length: n }, () => Math.fround(from + (to - from) * uniform()));

  describe.each([2, 10, 1000])("categorical, %i of them", (n) => {
    const logits = Array.from({ length: ROWS }, () => row(n, -scale, scale));
    const priors = logits.map((l) => l.map((x) => Math.fround(x + 1e-3 * scale * (uniform() - 0.5))));
    const logP = (l: number[]) => {
      const normalizer = logSumExp(l);
      return l.map((x) => x - normalizer);
    };

    test("logProb", async () => {
      const first = Array.from({ length: n }, (_, i) => (i === 0 ? 1 : 0));
      const exact = logits.map((l) => ({ value: logP(l)[0]!, terms: [l[0]! - Math.max(...l)] }));
      await expectClose(categorical.logProb(np.array(first), np.array(logits)), exact);
    });

    test("entropy", async () => {
      const exact = logits.map((l) => {
        const terms = logP(l).map((x) => -Math.exp(x) * x);
        return { value: sum(terms), terms };
      });
      await expectClose(categorical.entropy(np.array(logits)), exact);
    });

    test.each(["a prior near by", "the uniform law"])("kl to %s", async (name) => {
      const isUniform = name === "the uniform law";
      const exact = logits.map((l, i) => {
        const [p, q] = [logP(l), isUniform ? l.map(() => -Math.log(n)) : logP(priors[i]!)];
        const parts = p.flatMap((x, j) => (Math.exp(x) > 0 ? [[Math.exp(x) * x, -Math.exp(x) * q[j]!]] : []));
        return { value: sum(parts.map(sum)), terms: parts.flat() };
      });
      const found = isUniform ? categorical.kl(np.array(logits)) : categorical.kl(np.array(logits), np.array(priors));
      expect(Math.min(...(await values(found.ref)))).toBeGreaterThanOrEqual(0);
      await expectClose(found, exact);
    });

    test("relaxedLogProb", async () => {
      const temperature = 0.5;
      const points = logits.map((l) => {
        const keys = l.map((x) => (Math.max(-20, Math.min(20, x)) - Math.log(-Math.log(uniform()))) / temperature);
        return logP(keys).map((x) => Math.fround(Math.exp(Math.max(x, -70))));
      });
      const exact = logits.map((l, i) => {
        const logX = points[i]!.map(Math.log);
        const terms = [
          logFactorial(n - 1),
          (n - 1) * Math.log(temperature),
          sum(l.map((x, j) => x - (temperature + 1) * logX[j]!)),
          -n * logSumExp(l.map((x, j) => x - temperature * logX[j]!)),
        ];
        return { value: sum(terms), terms };
      });
      await expectClose(categorical.relaxedLogProb(np.array(points), np.array(logits), { temperature }), exact);
    });
  });

  describe("bernoulli", () => {
    const logits = row(ROWS, -scale, scale);
    const priors = logits.map((l) => Math.fround(l + 1e-2 * scale * (uniform() - 0.5)));

    test("logProb", async () => {
      await expectClose(
        bernoulli.logProb(np.array(1), np.array(logits)),
        logits.map((l) => ({ value: -softplus(-l), terms: [l] })),
      );
    });

    test("entropy", async () => {
      await expectClose(
        bernoulli.entropy(np.array(logits)),
        logits.map((l) => ({ value: probability(l) * softplus(-l) + probability(-l) * softplus(l), terms: [] })),
      );
    });

    test.each(["a prior near by", "even odds"])("kl to %s", async (name) => {
      const isUniform = name === "even odds";
      const exact = logits.map((l, i) => {
        const q = isUniform ? 0 : priors[i]!;
        const [p, notP] = [probability(l), probability(-l)];
        const terms = [-p * softplus(-l), p * softplus(-q), -notP * softplus(l), notP * softplus(q)];
        return { value: sum(terms), terms };
      });
      const found = isUniform ? bernoulli.kl(np.array(logits)) : bernoulli.kl(np.array(logits), np.array(priors));
      expect(Math.min(...(await values(found.ref)))).toBeGreaterThanOrEqual(0);
      await expectClose(found, exact);
    });

    test("relaxedLogProb", async () => {
      const temperature = 0.4;
      const points = row(ROWS, 1e-6, 1 - 1e-6);
      const exact = logits.map((l, i) => {
        const [logX, logNotX] = [Math.log(points[i]!), Math.log1p(-points[i]!)];
        const shifted = l - temperature * (logX - logNotX);
        const terms = [Math.log(temperature), shifted, -2 * softplus(shifted), -logX, -logNotX];
        return { value: sum(terms), terms };
      });
      await expectClose(bernoulli.relaxedLogProb(np.array(points), np.array(logits), { temperature }), exact);
    });
  });

  test.each([
    [6, 3],
    [20, 1],
    [100, 50],
    [100, 99],
    [1000, 10],
    [1000, 500],
  ])("of %i entries %i: logProb of an order and of a set", async (n, k) => {
    // A constant in all of them, large beside their differences, is no term of the law.
    const offset = scale < 1e4 ? 4096 : 0;
    const logits = Array.from({ length: 3 }, () => row(n, offset - scale, offset + scale));
    const order = Array.from({ length: k }, (_, i) => (i * 7) % n);
    const khot = Array.from({ length: n }, (_, i) => (order.includes(i) ? 1 : 0));
    const ofOrder = logits.map((l) => {
      const left = [...l];
      const terms = order.flatMap((i) => {
        const normalizer = logSumExp(left);
        left[i] = Number.NEGATIVE_INFINITY;
        return [l[i]! - normalizer];
      });
      return { value: sum(terms), terms };
    });
    await expectClose(subset.logProb(np.array(order, { dtype: np.int32 }), np.array(logits)), ofOrder);
    const ofSet = logits.map((l) => ofSetInFloat64(khot, l));
    await expectClose(subset.setLogProb(np.array(khot), np.array(logits), k), ofSet);
  });
});

/** The integral over the time of the first entry that is not taken, by many equal steps of its logarithm. */
function ofSetInFloat64(khot: number[], logits: number[]): Exact {
  const others = logSumExp(logits.filter((_, i) => !khot[i]));
  const logRates = logits.flatMap((l, i) => (khot[i] ? [l - others] : []));
  const step = 0.04;
  const terms = Array.from({ length: 1250 }, (_, m) => {
    const logTime = -40 + step * m;
    return sum(logRates.map((r) => logOfArrival(r + logTime))) + logTime - Math.exp(logTime) + Math.log(step);
  });
  return { value: logSumExp(terms), terms: logRates.map((r) => logOfArrival(r)) };
}

/** log(1 - exp(-y)) by log y. */
function logOfArrival(logY: number): number {
  return logY < -20 ? logY : Math.log(-Math.expm1(-Math.exp(logY)));
}

test("the logarithms of one half are those of float64", async () => {
  const half = (await values(categorical.logProb(np.array([1, 0]), np.zeros([2]))))[0]!;
  expect(Math.abs(half - Math.log(0.5))).toBeLessThan(1e-7);
  expect(Math.abs((await values(bernoulli.kl(np.array(1e-3))))[0]! - 1.25e-7)).toBeLessThan(1e-7);
});
