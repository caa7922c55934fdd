import { jit, numpy as np, tree } from "@jax-js/jax";
import { largestDifference } from "@softdraw/testing/numbers";
import { expect, test } from "vitest";
import { type AdamState, adam, adamW, rAdam } from "../../src/nn/adam.ts";

type Layer = { weight: np.Array; bias: np.Array };
type Numbers = { weight: number[][]; bias: number[] };

const layerOf = ({ weight, bias }: Numbers): Layer => ({ weight: np.array(weight), bias: np.array(bias) });

/** The numbers of a layer, which is kept. */
const numbersOf = ({ weight, bias }: Layer): Numbers => ({ weight: weight.ref.js(), bias: bias.ref.js() }) as Numbers;

const START: Numbers = {
  weight: [
    [0.5, -1.25, 2],
    [0, 0.75, -0.125],
  ],
  bias: [1, -3],
};

/** Gradients that are zero, tiny, huge, constant, or change their sign; and a learning rate that falls on the way. */
const STEPS = [
  [0.1, [1, -2, 0.5, 0, 1e-6, -100], [0.25, -1]],
  [0.1, [0.5, 2, 0.5, 0, 1e-6, 50], [0, -1]],
  [0.05, [-1.5, 0.25, 0.5, 4, -1e-6, 0], [-0.75, 1e4]],
  [0.05, [0.125, -0.5, 0.5, -2, 0, -1], [2, -1]],
  [0.01, [3, 1, 0.5, 1, 1e-3, 0.25], [1, 1]],
] as const;

/** The parameters after each step, by torch.optim.Adam of PyTorch 1.13 in float32 with its default options. */
const EXPECTED = [
  [0.4, -1.15, 1.9, 0, 0.65099013, -0.025000006, 0.90000004, -2.9000001],
  [0.30678204, -1.1552632, 1.8, 0, 0.55198026, 0.0016337, 0.8329942, -2.8000002],
  [0.31088087, -1.1601038, 1.75, -0.031940676, 0.53901035, 0.011927666, 0.8551166, -2.8319354],
  [0.31229222, -1.1589636, 1.7, -0.042340375, 0.52840245, 0.020619761, 0.83475053, -2.8580918],
  [0.30779108, -1.1605717, 1.69, -0.045247335, 0.52294457, 0.022076897, 0.82932794, -2.862514],
];

const gradientsAt = (step: number): Layer => {
  const [, weight, bias] = STEPS[step]!;
  return layerOf({ weight: [weight.slice(0, 3), weight.slice(3)], bias: [...bias] });
};

const step = jit((parameters: Layer, gradients: Layer, state: AdamState<Layer>, rate: np.Array) =>
  adam().update(parameters, gradients, state, rate),
);

test("takes the steps of PyTorch's", () => {
  let parameters = layerOf(START);
  let state = adam().init(parameters);
  EXPECTED.forEach((expected, i) => {
    ({ parameters, state } = step(parameters, gradientsAt(i), state, np.array(STEPS[i]![0])));
    const { weight, bias } = numbersOf(parameters);
    expect(largestDifference([...weight.flat(), ...bias], expected)).toBeLessThan(5e-6);
  });
  expect(state.count.ref.js()).toBe(STEPS.length);
  expect(numbersOf(state.mean).weight[0]![0]).toBeCloseTo(0.29181, 6);
  expect(numbersOf(state.square).weight[0]![0]).toBeCloseTo(0.012506369, 8);
  tree.dispose({ parameters, state });
});

/** The same with decoupled weight decay of 0.25, by torch.optim.AdamW of PyTorch 1.13. */
const EXPECTED_WITH_DECAY = [
  [0.38750002, -1.11875, 1.85, 0, 0.63224018, -0.021875009, 0.87500006, -2.8250003],
  [0.28459457, -1.0960444, 1.70375, 0, 0.51742435, 0.0053055715, 0.78611928, -2.6543756],
  [0.28513598, -1.0871845, 1.6324532, -0.031940676, 0.49798658, 0.015533218, 0.79841518, -2.653131],
];

const stepW = jit((parameters: Layer, gradients: Layer, state: AdamState<Layer>, learningRate: np.Array) =>
  adamW({ weightDecay: 0.25 }).update(parameters, gradients, state, learningRate),
);

test("takes the steps of PyTorch's AdamW", () => {
  let parameters = layerOf(START);
  let state = adam().init(parameters);
  EXPECTED_WITH_DECAY.forEach((expected, i) => {
    ({ parameters, state } = stepW(parameters, gradientsAt(i), state, np.array(STEPS[i]![0])));
    const { weight, bias } = numbersOf(parameters);
    expect(largestDifference([...weight.flat(), ...bias], expected)).toBeLessThan(5e-6);
  });
  tree.dispose({ parameters, state });
});

test("the first step is the learning rate against the sign of the gradient, whatever its size", () => {
  const parameters = layerOf({ weight: [[0, 0, 0]], bias: [0] });
  const gradients = layerOf({ weight: [[1e-4, -1, 1e4]], bias: [0] });
  const { weight, bias } = numbersOf(step(parameters, gradients, adam().init(parameters), np.array(0.25)).parameters);
  // The denominator's 1e-8 takes a ten-thousandth off the step of the gradient 1e-4.
  expect(largestDifference(weight[0]!, [-0.25 * (1 - 1e-4), 0.25, -0.25])).toBeLessThan(5e-6);
  expect(bias).toEqual([0]);
});

test("the corrections stay right for thousands of steps: under a constant gradient each is the learning rate", () => {
  let parameters = layerOf({ weight: [[0]], bias: [0] });
  let state = adam().init(parameters);
  for (let t = 1; t <= 3000; t++) {
    const before = numbersOf(parameters);
    const gradients = layerOf({ weight: [[0.5]], bias: [-3] });
    ({ parameters, state } = step(parameters, gradients, state, np.array(0.5)));
    if (t > 20 && t % 100 > 0) continue;
    const { weight, bias } = numbersOf(parameters);
    expect(before.weight[0]![0]! - weight[0]![0]!).toBeCloseTo(0.5, 3);
    expect(before.bias[0]! - bias[0]!).toBeCloseTo(-0.5, 3);
  }
});

test("the initial state is zero, and leaves the parameters to their owner", () => {
  const parameters = { layers: [layerOf(START)], scale: np.array([1, 2]) };
  const { count, mean, square } = adam().init(parameters);
  expect(count.js()).toBe(0);
  for (const zeros of [mean, square]) {
    expect(zeros.layers[0]!.weight.js()).toEqual([
      [0, 0, 0],
      [0, 0, 0],
    ]);
    expect(zeros.layers[0]!.bias.js()).toEqual([0, 0]);
    expect(zeros.scale.js()).toEqual([0, 0]);
  }
  for (const array of tree.leaves(parameters) as np.Array[]) expect(array.refCount).toBe(1);
});

test.each([
  ["adam", adam()],
  ["rAdam", rAdam()],
  ["adamW", adamW({ weightDecay: 0.1 })],
] as const)("a step of %s consumes all that it is given", (_, optimizer) => {
  const parameters = layerOf(START);
  const gradients = gradientsAt(0);
  const state = adam().init(parameters);
  const rate = np.array([0.1]).reshape([]);
  const result = optimizer.update(parameters, gradients, state, rate);
  for (const array of tree.leaves({ parameters, gradients, state, rate }) as np.Array[]) expect(array.refCount).toBe(0);
  for (const array of tree.leaves(result) as np.Array[]) expect(array.refCount).toBe(1);
  tree.dispose(result);
});

/** Rectified Adam in float64, from its formulas. */
function rectified(start: number, gradients: readonly number[], rates: readonly number[]): number[] {
  const longest = 2 / (1 - 0.999) - 1;
  let [p, m, v] = [start, 0, 0];
  return gradients.map((g, i) => {
    const t = i + 1;
    m = 0.9 * m + 0.1 * g;
    v = 0.999 * v + 0.001 * g * g;
    const length = longest - (2 * t * 0.999 ** t) / (1 - 0.999 ** t);
    const factor = Math.sqrt(((length - 4) * (length - 2) * longest) / ((longest - 4) * (longest - 2) * length));
    const scale = length > 5 ? (factor * Math.sqrt(1 - 0.999 ** t)) / (Math.sqrt(v) + 1e-8) : 1;
    p -= ((rates[i]! * m) / (1 - 0.9 ** t)) * scale;
    return p;
  });
}

test("rectified Adam takes the steps of its formulas: five without the squares, then those by its factor", async () => {
  const steps = 3000;
  const gradients = Array.from({ length: steps }, (_, i) => Math.sin(i) + 0.3 * Math.cos(7 * i) + 0.5);
  const rates = Array.from({ length: steps }, (_, i) => (i < 1000 ? 0.01 : 0.004));
  const expected = rectified(0.5, gradients, rates);
  const take = jit((p: { x: np.Array }, g: { x: np.Array }, s: AdamState<{ x: np.Array }>, rate: np.Array) =>
    rAdam().update(p, g, s, rate),
  );
  let parameters = { x: np.array([0.5]) };
  let state = adam().init(parameters);
  for (let i = 0; i < steps; i++) {
    ({ parameters, state } = take(parameters, { x: np.array([gradients[i]!]) }, state, np.array(rates[i]!)));
    const [found] = await parameters.x.ref.data();
    const before = i === 0 ? 0.5 : expected[i - 1]!;
    // The way so far, of which each step is off by its rounding.
    if (i < 20) expect((found! - before) / (expected[i]! - before)).toBeCloseTo(1, 3);
    if (i % 500 === 499) expect(Math.abs(found! / expected[i]! - 1)).toBeLessThan(1e-4);
  }
  tree.dispose({ parameters, state });
});
