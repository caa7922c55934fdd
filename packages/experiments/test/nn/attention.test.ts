import { grad, numpy as np, random, tree } from "@jax-js/jax";
import { largestDifference, normals, numericalGradient } from "@softdraw/testing/numbers";
import { describe, expect, test } from "vitest";
import { type EncoderLayer, encoderLayer, initEncoderLayer, multiHeadAttention } from "../../src/nn/attention.ts";

const [WIDTH, HEADS, HIDDEN, BATCH, LENGTH] = [4, 2, 8, 2, 3];

/** Numbers that are the same everywhere. */
const wave = (count: number, phase: number) => Array.from({ length: count }, (_, i) => Math.sin(1.7 * i + phase) / 2);
const array = (values: readonly number[], ...shape: number[]) => np.array(Float32Array.from(values), { shape });
const wavy = (phase: number, ...shape: number[]) => array(wave(shape.reduce((a, b) => a * b), phase), ...shape); // biome-ignore format: one line

const layer = (): EncoderLayer => ({
  attention: {
    input: { weight: wavy(1, 3 * WIDTH, WIDTH), bias: wavy(2, 3 * WIDTH) },
    output: { weight: wavy(3, WIDTH, WIDTH), bias: wavy(4, WIDTH) },
  },
  attentionNorm: { scale: wavy(5, WIDTH), offset: wavy(6, WIDTH) },
  hidden: { weight: wavy(7, HIDDEN, WIDTH), bias: wavy(8, HIDDEN) },
  output: { weight: wavy(9, WIDTH, HIDDEN), bias: wavy(10, WIDTH) },
  outputNorm: { scale: wavy(11, WIDTH), offset: wavy(12, WIDTH) },
});
const SEQUENCES = wave(BATCH * LENGTH * WIDTH, 0).map((value) => 4 * value);
const input = (values = SEQUENCES) => array(values, BATCH, LENGTH, WIDTH);

/** By torch.nn.TransformerEncoderLayer of PyTorch 1.13 in float32, with the same weights, batch_first, and no dropout. */
const ATTENTION = [
  ...[0.689446, 0.879013, 1.3887, 0.638516, 0.848454, 1.14521, 1.69255, 0.900657, 0.957952, 1.37063, 1.97501, 1.16638],
  ...[0.51505, 0.589845, 1.06029, 0.356648, 0.463453, 0.538592, 1.02277, 0.34266, 0.43106, 0.522791, 1.02768, 0.367014],
];
const OUTPUT = [
  ...[-0.167295, 0.56547, -0.212886, -0.352218, 0.0526693, 0.558566, -0.347146, -0.50918, 0.0696042, 0.558026],
  ...[-0.34128, -0.51488, 0.0342049, 0.567494, -0.199345, -0.418044, -0.283111, 0.545726, 0.15793, -0.217872],
  ...[-0.583122, 0.479014, 0.489547, -0.163348],
];
/** The gradients of the sum of the outputs times `wave(24, 20)`. */
const OF_INPUT = [
  ...[0.243132, -0.0388146, -0.15301, -0.055007, 0.0448033, -0.0486801, 0.0296911, -0.0280011, 0.0340935, -0.018138],
  ...[
    0.0220593, -0.0377131, 0.0185187, -0.0291877, 0.0215763, -0.0103935, -0.0428245, -0.0938202, 0.0894708, 0.0485969,
  ],
  ...[-0.049176, -0.0242591, 0.082491, -0.0120283],
];
const OF_PROJECTION = [
  ...[-0.00704372, -0.0299211, 0.0147541, 0.0261192, -0.00671495, -0.000257482, 0.0067813, -0.00148998, 2.51175e-5],
  ...[-0.0145225, 0.00371716, 0.0135646],
];
const OF_NORM = [-0.115633, 0.965775, -0.686909, -2.3801];
const OF_HIDDEN = [0.221078, -0.316951, 0.136657, 0.130573, 0, 0, 0, 0];

const weighted = (parameters: EncoderLayer, x: np.Array) =>
  encoderLayer(parameters, x, HEADS)
    .mul(wavy(20, BATCH, LENGTH, WIDTH))
    .sum();

describe("attention", () => {
  test("is PyTorch's", () => {
    const { attention, ...others } = layer();
    tree.dispose(others);
    expect(largestDifference(multiHeadAttention(attention, input(), HEADS).dataSync(), ATTENTION)).toBeLessThan(1e-5);
  });

  test("runs along the sequence: sequences do not know each other, and tokens do", () => {
    const outputs = (values: readonly number[]) => encoderLayer(layer(), input([...values]), HEADS).dataSync();
    const half = SEQUENCES.length / 2;
    const changed = SEQUENCES.map((value, i) => (i === half ? value + 1 : value));
    const [before, after] = [outputs(SEQUENCES), outputs(changed)];
    expect(after.slice(0, half)).toEqual(before.slice(0, half));
    for (let token = 0; token < LENGTH; token++) {
      const at = half + token * WIDTH;
      expect(after.slice(at, at + WIDTH)).not.toEqual(before.slice(at, at + WIDTH));
    }
  });

  test("has no order of its own: tokens in another order give the same in that order", () => {
    const orders = [[2, 0, 1], [0, 1, 2]]; // biome-ignore format: one line
    const reordered = orders.flatMap((order, row) =>
      order.flatMap((token) => SEQUENCES.slice((row * LENGTH + token) * WIDTH, (row * LENGTH + token + 1) * WIDTH)),
    );
    const [plain, other] = [SEQUENCES, reordered].map((values) => encoderLayer(layer(), input(values), HEADS).js());
    const [expected, got] = [plain, other] as [number[][][], number[][][]];
    expect(
      largestDifference(
        got[0]!.flat(),
        orders[0]!.flatMap((token) => expected[0]![token]!),
      ),
    ).toBeLessThan(1e-6);
  });
});

describe("the encoder layer", () => {
  test("is PyTorch's", () => {
    expect(largestDifference(encoderLayer(layer(), input(), HEADS).dataSync(), OUTPUT)).toBeLessThan(1e-5);
  });

  test("has PyTorch's gradients", () => {
    const [ofLayer, ofInput] = grad(weighted, { argnums: [0, 1] })(layer(), input()) as unknown as [
      EncoderLayer,
      np.Array,
    ];
    expect(largestDifference(ofInput.dataSync(), OF_INPUT)).toBeLessThan(1e-5);
    const projection = ofLayer.attention.input.weight.ref.dataSync().slice(0, OF_PROJECTION.length);
    expect(largestDifference(projection, OF_PROJECTION)).toBeLessThan(1e-5);
    expect(largestDifference(ofLayer.attentionNorm.scale.ref.dataSync(), OF_NORM)).toBeLessThan(1e-5);
    expect(largestDifference(ofLayer.hidden.weight.ref.dataSync().slice(0, 8), OF_HIDDEN)).toBeLessThan(1e-5);
    tree.dispose(ofLayer);
  });

  test("its gradient is that of finite differences, with random cotangents", async () => {
    const cotangent = normals(1, BATCH * LENGTH * WIDTH);
    const loss = (x: np.Array) =>
      encoderLayer(layer(), x, HEADS)
        .mul(array(cotangent, BATCH, LENGTH, WIDTH))
        .sum();
    const numeric = await numericalGradient((x) => loss(input(x)).js() as number, SEQUENCES);
    expect(largestDifference(grad(loss)(input()).dataSync(), numeric)).toBeLessThan(5e-3);
  });

  test("regularizes the weights of attention, what each part adds, and the hidden layer", () => {
    const shapes: number[][] = [];
    const seen = (x: np.Array) => {
      shapes.push(x.shape);
      return x;
    };
    encoderLayer(layer(), input(), HEADS, seen).dispose();
    expect(shapes).toEqual([
      [BATCH, HEADS, LENGTH, LENGTH],
      [BATCH, LENGTH, WIDTH],
      [BATCH * LENGTH, HIDDEN],
      [BATCH * LENGTH, WIDTH],
    ]);
  });

  test("begins within PyTorch's bounds, with norms that change nothing", () => {
    const begun = initEncoderLayer(random.key(1), 64, 128);
    const largest = (x: np.Array) => Math.max(...Array.from(x.ref.dataSync(), Math.abs));
    for (const [x, bound] of [
      [begun.attention.input.weight, Math.sqrt(6 / 256)],
      [begun.attention.output.weight, 1 / 8],
      [begun.hidden.weight, 1 / 8],
      [begun.output.weight, 1 / Math.sqrt(128)],
    ] as const) {
      expect(largest(x)).toBeLessThanOrEqual(bound);
      expect(largest(x)).toBeGreaterThan(0.95 * bound);
    }
    expect(largest(begun.attention.input.bias)).toBe(0);
    expect([...begun.outputNorm.scale.ref.dataSync()]).toEqual(new Array(64).fill(1));
    tree.dispose(begun);
  });
});

test("consumes what it is given, and leaves nothing but the result", () => {
  const [parameters, x] = [layer(), input()];
  encoderLayer(parameters, x, HEADS).dispose();
  for (const leaf of [...tree.leaves(parameters), x] as np.Array[]) expect(leaf.refCount).toBe(0);
});
