/** Every optimizer behind the one interface, with options other than the usual ones, against PyTorch. */

import { jit, numpy as np, tree } from "@jax-js/jax";
import { largestDifference } from "@softdraw/testing/numbers";
import { describe, expect, test } from "vitest";
import { adam, adamW, rAdam } from "../../src/nn/adam.ts";
import type { Optimizer, OptimizerStates } from "../../src/nn/optimizer.ts";
import { sgd } from "../../src/nn/sgd.ts";

type Model = { p: np.Array };

const START = [0.5, -1.25, 2, 0, 0.75, -0.125, 1, -3];

/** Learning rates and gradients, which are zero, tiny, huge, constant, or change their sign. They are gone through again and again. */
const STEPS: readonly (readonly [rate: number, gradient: readonly number[]])[] = [
  [0.1, [1, -2, 0.5, 0, 1e-6, -100, 0.25, -1]],
  [0.1, [0.5, 2, 0.5, 0, 1e-6, 50, 0, -1]],
  [0.05, [-1.5, 0.25, 0.5, 4, -1e-6, 0, -0.75, 1e4]],
  [0.05, [0.125, -0.5, 0.5, -2, 0, -1, 2, -1]],
  [0.01, [3, 1, 0.5, 1, 1e-3, 0.25, 1, 1]],
];

/**
 * The parameters after so many steps, by torch.optim of PyTorch 1.13 in float32: Adam(betas=(0.8, 0.95), eps=1e-3), AdamW() with its
 * weight decay of 0.01, RAdam() and RAdam(betas=(0.8, 0.95)), SGD().
 */
const CASES: readonly (readonly [string, Optimizer<keyof OptimizerStates<Model>>, Record<number, number[]>])[] = [
  [
    "adam with other decays and another epsilon",
    adam({ beta1: 0.8, beta2: 0.95, epsilon: 1e-3 }),
    {
      3: [0.31679028, -1.1683676, 1.7504991, -0.034594711, 0.7497912, 0.0040240269, 0.86298567, -2.8348043],
      5: [0.31608662, -1.1699977, 1.6906189, -0.046351187, 0.74776119, 0.011348472, 0.83366466, -2.8658364],
    },
  ],
  [
    "adamW with its own weight decay",
    adamW(),
    {
      3: [0.30982843, -1.1571286, 1.745204, -0.031940676, 0.5373348, 0.012076646, 0.85280204, -2.8246412],
      5: [0.30655262, -1.1569023, 1.6841619, -0.045227133, 0.52094769, 0.02221776, 0.82650375, -2.8535225],
    },
  ],
  [
    "rAdam",
    rAdam(),
    {
      5: [0.32494107, -1.0690105, 1.8450001, -0.10302166, 0.74999732, 13.202869, 0.94559085, -337.862],
      20: [0.30343798, -1.0723064, 1.7926378, -0.11777928, 0.72724736, 13.215151, 0.92151344, -337.88428],
    },
  ],
  [
    "rAdam with other decays",
    rAdam({ beta1: 0.8, beta2: 0.95 }),
    {
      5: [0.33297384, -1.0860273, 1.8450001, -0.10812297, 0.74999678, 12.42294, 0.94348717, -362.18985],
      20: [0.18016747, -1.1093264, 1.4784088, -0.20736483, 0.59197932, 12.509754, 0.77493596, -362.34042],
    },
  ],
  [
    "sgd without momentum",
    sgd(),
    {
      3: [0.42499998, -1.2625, 1.8750001, -0.2, 0.74999982, 4.875, 1.0125, -502.80002],
      5: [0.38874999, -1.2475001, 1.8450001, -0.11, 0.74998981, 4.9225001, 0.90250003, -502.76004],
    },
  ],
];

/** The largest difference relative to what is expected, where that is above 1. */
const relativeDifference = (a: ArrayLike<number>, b: readonly number[]) => {
  const scaled = (values: ArrayLike<number>) => Array.from(values, (x, i) => x / Math.max(1, Math.abs(b[i]!)));
  return largestDifference(scaled(a), scaled(b));
};

test.each(CASES)("%s takes the steps of PyTorch's", async (_, { init, update }, expected) => {
  const step = jit(
    (parameters: Model, gradients: Model, state: OptimizerStates<Model>["adam" | "sgd"], rate: np.Array) =>
      update(parameters, gradients, state, rate),
  );
  let parameters: Model = { p: np.array(START) };
  let state = init(parameters);
  for (let t = 1; t <= Math.max(...Object.keys(expected).map(Number)); t++) {
    const [rate, gradient] = STEPS[(t - 1) % STEPS.length]!;
    ({ parameters, state } = step(parameters, { p: np.array([...gradient]) }, state, np.array(rate)));
    const found = await parameters.p.ref.data();
    if (t in expected) expect(relativeDifference(found, expected[t]!)).toBeLessThan(1e-5);
  }
  tree.dispose({ parameters, state });
  step.dispose();
});

test("a learning rate may be a number, with the same result", () => {
  const { init, update } = sgd({ momentum: 0.5 });
  const once = (rate: number | np.Array) => {
    const parameters = { p: np.array([2, -1]) };
    const { parameters: moved, state } = update(parameters, { p: np.array([1, 4]) }, init(parameters), rate);
    tree.dispose(state);
    return moved.p.js();
  };
  expect(once(0.25)).toEqual([1.75, -2]);
  expect(once(np.array(0.25))).toEqual([1.75, -2]);
});

describe("options out of range are refused by name:", () => {
  test.each([
    ["adam", () => adam({ beta1: 1 }), "adam: beta1: expected at least 0 and below 1, got 1."],
    ["rAdam", () => rAdam({ beta2: -0.1 }), "rAdam: beta2: expected at least 0 and below 1, got -0.1."],
    [
      "adamW",
      () => adamW({ weightDecay: Number.NaN }),
      "adamW: weightDecay: expected a finite number of at least 0, got NaN.",
    ],
    ["sgd", () => sgd({ momentum: 1.5 }), "sgd: momentum: expected at least 0 and below 1, got 1.5."],
  ])("%s", (_, make, message) => {
    expect(make).toThrow(new RangeError(message));
  });
});
