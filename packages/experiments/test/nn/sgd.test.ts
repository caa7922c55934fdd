import { jit, numpy as np, tree } from "@jax-js/jax";
import { largestDifference } from "@softdraw/testing/numbers";
import { expect, test } from "vitest";
import { sgd } from "../../src/nn/sgd.ts";

type Layer = { weight: np.Array; bias: np.Array };

const layerOf = (weight: readonly number[], bias: readonly number[]): Layer => ({
  weight: np.array([...weight]).reshape([2, 3]),
  bias: np.array([...bias]),
});

/** Weights, then biases, of a layer that is kept. */
const numbersOf = ({ weight, bias }: Layer): number[] => [...weight.ref.dataSync(), ...bias.ref.dataSync()];

const start = () => layerOf([0.5, -1.25, 2, 0, 0.75, -0.125], [1, -3]);

/** Gradients that are zero, tiny, huge, constant, or change their sign; and a learning rate that falls on the way. */
const STEPS = [
  [0.1, [1, -2, 0.5, 0, 1e-6, -100], [0.25, -1]],
  [0.1, [0.5, 2, 0.5, 0, 1e-6, 50], [0, -1]],
  [0.05, [-1.5, 0.25, 0.5, 4, -1e-6, 0], [-0.75, 1e4]],
] as const;

/** The parameters after each step, by torch.optim.SGD of PyTorch 1.13 in float32 with momentum 0.9, weight decay 0.01. */
const EXPECTED = [
  [0.39950001, -1.04875, 1.948, 0, 0.74924988, 9.8751249, 0.97399998, -2.8970001],
  [0.25865051, -1.0665762, 1.849252, 0, 0.74782544, 13.865362, 0.94962597, -2.7014031],
  [0.27013892, -1.0865648, 1.7788907, -0.2, 0.74681056, 15.654037, 0.97568285, -502.612],
];
const EXPECTED_VELOCITY = [
  ...[-0.22976804, 0.39977047, 1.4072244, 4, 0.020297213, -35.773479],
  ...[-0.52113777, 9998.2119],
];

/** The largest difference relative to what is expected, where that is above 1. */
const relativeDifference = (a: number[], b: number[]) => {
  const scaled = (values: number[]) => values.map((x, i) => x / Math.max(1, Math.abs(b[i]!)));
  return largestDifference(scaled(a), scaled(b));
};

const step = jit((parameters: Layer, gradients: Layer, velocity: Layer, learningRate: np.Array) =>
  sgd({ momentum: 0.9, weightDecay: 0.01 }).update(parameters, gradients, velocity, learningRate),
);

test("takes the steps of PyTorch's", () => {
  let parameters = start();
  let velocity = sgd().init(parameters);
  EXPECTED.forEach((expected, i) => {
    const [rate, weight, bias] = STEPS[i]!;
    ({ parameters, state: velocity } = step(parameters, layerOf(weight, bias), velocity, np.array(rate)));
    expect(relativeDifference(numbersOf(parameters), expected)).toBeLessThan(1e-6);
  });
  expect(relativeDifference(numbersOf(velocity), EXPECTED_VELOCITY)).toBeLessThan(1e-6);
  tree.dispose({ parameters, velocity });
});

test("two steps, worked out by hand", () => {
  const one = (value: number) => ({ p: np.array([value]) });
  const { update } = sgd({ momentum: 0.5, weightDecay: 0.25 });
  const first = update(one(2), one(1), one(0), 0.5);
  // v = 1 + 0.25 * 2 = 1.5; p = 2 - 0.5 * 1.5 = 1.25.
  expect([first.state.p.ref.js(), first.parameters.p.ref.js()]).toEqual([[1.5], [1.25]]);
  const second = update(first.parameters, one(-1), first.state, 0.5);
  // v = 0.5 * 1.5 - 1 + 0.25 * 1.25 = 0.0625; p = 1.25 - 0.5 * 0.0625 = 1.21875.
  expect([second.state.p.js(), second.parameters.p.js()]).toEqual([[0.0625], [1.21875]]);
});

test("the initial state is zero, and leaves the parameters to their owner", () => {
  const parameters = { layers: [start()], scale: np.array([1, 2]) };
  const velocity = sgd().init(parameters);
  expect(numbersOf(velocity.layers[0]!)).toEqual(Array(8).fill(0));
  expect(velocity.layers[0]!.weight.shape).toEqual([2, 3]);
  expect(velocity.scale.js()).toEqual([0, 0]);
  for (const array of tree.leaves(parameters) as np.Array[]) expect(array.refCount).toBe(1);
});

test("a step consumes all that it is given", () => {
  const [parameters, gradients, velocity] = [start(), start(), start()];
  const learningRate = np.array([0.1]).reshape([]);
  const result = sgd({ momentum: 0.9, weightDecay: 5e-4 }).update(parameters, gradients, velocity, learningRate);
  const given = tree.leaves({ parameters, gradients, velocity, learningRate }) as np.Array[];
  for (const array of given) expect(array.refCount).toBe(0);
  for (const array of tree.leaves(result) as np.Array[]) expect(array.refCount).toBe(1);
  tree.dispose(result);
});
