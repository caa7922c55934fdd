/** The shared model: its draws against their exact law, its gradient, and the tasks' data. */

import { grad, numpy as np, random, tree } from "@jax-js/jax";
import {
  chiSquarePValue,
  FALSE_ALARM,
  largestDifference,
  normals,
  numericalGradient,
  STANDARD_ERRORS,
  softmax,
} from "@softdraw/testing/numbers";
import { describe, expect, test } from "vitest";
import { chooseFeatures, crossEntropy, drawFeatures, objective } from "../src/explain/model.ts";
import { samplers } from "../src/explain/samplers.ts";
import { sequences } from "../src/explain/sequences/index.ts";
import { sequencesTask } from "../src/explain/sequences/method.ts";
import { additive, orangeSkin, switching, xor } from "../src/explain/synthetic/index.ts";
import { syntheticTask } from "../src/explain/synthetic/method.ts";

const LOGITS = [0.5, -1, 1.5, 0];
const K = 2;
const matrix = (values: readonly number[], rows: number) =>
  np.array(Float32Array.from(values), { shape: [rows, values.length / rows] });
const repeated = (rows: number) => matrix(Array.from({ length: rows }, () => LOGITS).flat(), rows);
const draw = (sampler: (typeof samplers)[number], rows: number, temperature: number, hard: boolean, seed = 1) =>
  drawFeatures({ sampler, k: K, hard }, random.key(seed), repeated(rows), np.array(temperature)).js() as number[][];

describe("the paper's draws, a maximum of k one-hot ones", () => {
  const p = softmax(LOGITS);

  test("take one feature or two, with the exact probabilities of k independent draws", () => {
    const ROWS = 20_000;
    const draws = draw("concrete-max", ROWS, 1, true);
    const outcomes = p.flatMap((pa, a) =>
      p.slice(a).map((pb, i) => ({ a, b: a + i, p: i === 0 ? pa * pa : 2 * pa * pb })),
    );
    const keyOf = (a: number, b: number) => LOGITS.map((_, i) => Number(i === a || i === b)).join();
    const counts = new Map(outcomes.map(({ a, b }) => [keyOf(a, b), 0]));
    for (const row of draws) counts.set(row.join(), counts.get(row.join())! + 1);
    const seen = outcomes.map(({ a, b }) => counts.get(keyOf(a, b))!);
    expect(chiSquarePValue(seen, outcomes.map((outcome) => outcome.p))).toBeGreaterThan(FALSE_ALARM); // biome-ignore format: one line
  });

  test("relaxed, are above 0 and up to 1, and tend to the exact ones of the same noise", () => {
    expect(draw("concrete-max", 50, 1, false).flat().every((value) => value > 0 && value <= 1)).toBe(true); // biome-ignore format: one line
    const [soft, hard] = [draw("concrete-max", 50, 1e-3, false), draw("concrete-max", 50, 1e-3, true)];
    const apart = soft.filter((row, i) => largestDifference(row, hard[i]!) > 1e-3);
    // Where two of the perturbed logits are within some thousandths, the relaxed draw is between them still.
    expect(apart.length).toBeLessThanOrEqual(2);
  });
});

test.each(samplers)("%s: the gradient is that of finite differences, and with hard the same", async (sampler) => {
  const cotangent = normals(3, 2 * LOGITS.length);
  const scores = normals(4, 2 * LOGITS.length);
  const loss = (hard: boolean) => (x: np.Array) =>
    drawFeatures({ sampler, k: K, hard }, random.key(2), x, np.array(0.8)).mul(matrix(cotangent, 2)).sum();
  const numeric = await numericalGradient((x) => loss(false)(matrix(x, 2)).js() as number, scores);
  const slope = grad(loss(false))(matrix(scores, 2)).dataSync();
  expect(largestDifference(slope, numeric)).toBeLessThan(5e-3);
  expect(largestDifference(grad(loss(true))(matrix(scores, 2)).dataSync(), slope)).toBeLessThan(1e-5);
});

test("the explanation is the k features of the highest scores", () => {
  expect(chooseFeatures(matrix([0.5, -1, 1.5, 0, 3, 4, 1, 2], 2), 2).js()).toEqual([
    [1, 0, 1, 0],
    [1, 1, 0, 0],
  ]);
});

test("the cross-entropy is minus the expected log-probability, in nats", () => {
  const logits = normals(5, 6);
  const labels = [0.2, 0.3, 0.5, 0, 1, 0];
  const expected = [0, 1].reduce((sum, row) => {
    const p = softmax(logits.slice(3 * row, 3 * row + 3));
    return sum - p.reduce((total, value, i) => total + labels[3 * row + i]! * Math.log(value), 0) / 2;
  }, 0);
  expect(crossEntropy(matrix(logits, 2), matrix(labels, 2)).js()).toBeCloseTo(expected, 5);
});

test("the objective's gradient by a network's parameters is that of finite differences", async () => {
  const config = xor.schema.parse({ hidden: 4, batch: 6 });
  const task = syntheticTask(config);
  const model = task.init(random.key(1));
  const loss = (parameters: typeof model) => {
    const examples = task.batch(random.key(2), 6, {});
    const drawing = { k: 2, sampler: "threshold", hard: false } as const;
    return objective(drawing, task, random.key(3), examples, np.array(1))(parameters);
  };
  const gradients = grad(loss)(tree.ref(model)) as unknown as typeof model;
  for (const network of ["explainer", "classifier"] as const) {
    const bias = model[network][0]!.bias;
    const given = [...bias.ref.dataSync()] as number[];
    const at = (values: number[]) => {
      const layers = model[network].map((layer, i) => {
        const { weight, bias } = tree.ref(layer) as typeof layer;
        if (i > 0) return { weight, bias };
        bias.dispose();
        return { weight, bias: np.array(Float32Array.from(values)) };
      });
      const others = tree.ref(model) as typeof model;
      tree.dispose(others[network]);
      return loss({ ...others, [network]: layers }).js() as number;
    };
    const slope = gradients[network][0]!.bias.ref.dataSync();
    // Where a ReLU turns within a step of the differences, they are off by a part of a slope.
    expect(largestDifference(slope, await numericalGradient(at, given, 3e-3))).toBeLessThan(1e-2);
  }
  tree.dispose([model, gradients]);
});

describe("sequences", () => {
  const SIZE = 4000;
  const { inputs, labels } = sequencesTask(sequences.schema.parse({})).batch(random.key(7), SIZE, {});
  const tokens = inputs.tokens.js() as number[][];
  const words = np.argmax(labels, -1).js() as number[];

  test("have nine tokens from 1 to 9, five of them or more equal to the label", () => {
    for (const [i, row] of tokens.entries()) {
      expect(row.every((token) => Number.isInteger(token) && token >= 1 && token <= 9)).toBe(true);
      expect(row.filter((token) => token === words[i]).length).toBeGreaterThanOrEqual(5);
    }
  });

  test("have every label, every place of the label and every number of others alike", () => {
    const uniform = (count: number) => new Array(count).fill(1 / count);
    const counts = Array.from({ length: 9 }, (_, word) => words.filter((other) => other === word + 1).length);
    expect(chiSquarePValue(counts, uniform(9))).toBeGreaterThan(FALSE_ALARM);
    // Of four tokens beside the five, each is the label one time in nine.
    const equal = [0, 1, 2, 3, 4].map((n) => {
      const choose = [1, 4, 6, 4, 1][n]!;
      return choose * (1 / 9) ** n * (8 / 9) ** (4 - n);
    });
    const extra = [0, 1, 2, 3, 4].map((n) => tokens.filter((row, i) => row.filter((t) => t === words[i]).length === 5 + n).length); // biome-ignore format: one line
    expect(chiSquarePValue(extra, equal)).toBeGreaterThan(FALSE_ALARM);
    const exact = tokens.map((row, i) => row.map((token) => token === words[i])).filter((row) => row.filter(Boolean).length === 5); // biome-ignore format: one line
    for (let place = 0; place < 9; place++) {
      const share = exact.filter((row) => row[place]).length;
      const deviation = Math.sqrt(exact.length * (5 / 9) * (4 / 9));
      expect(Math.abs(share - (exact.length * 5) / 9)).toBeLessThan(STANDARD_ERRORS * deviation);
    }
  });
});

/** The logit of class 0 by Chen et al.'s generators, in float64. */
const orange = (x: readonly number[]) => x.reduce((sum, value) => sum + value * value, 0) - 4;
const nonlinear = ([a, b, c, d]: readonly number[]) =>
  -100 * Math.sin(0.2 * a!) + Math.abs(b!) + c! + Math.exp(-d!) - 2.4;
const generators = [
  { experiment: xor, logit: (x: number[]) => x[0]! * x[1]! },
  { experiment: orangeSkin, logit: (x: number[]) => orange(x.slice(0, 4)) },
  { experiment: additive, logit: (x: number[]) => nonlinear(x.slice(0, 4)) },
  { experiment: switching, logit: (x: number[]) => (x[9]! > 0 ? orange(x.slice(0, 4)) : nonlinear(x.slice(4, 8))) },
];

describe.each(generators)("$experiment.title", ({ experiment, logit }) => {
  const SIZE = 4000;
  const config = experiment.schema.parse({});
  const { inputs, labels } = syntheticTask(config).batch(random.key(8), SIZE, {});
  const x = inputs.x.js() as number[][];
  const first = (labels.js() as number[][]).map(([zero]) => zero!);

  test("labels have the generator's probabilities", () => {
    const p = x.map((row) => 1 / (1 + Math.exp(-logit(row))));
    // Sums over all, and over those whose feature is above 0, so that a wrong feature shows.
    for (const weigh of [() => 1, ...[0, 1, 2, 3, 5].map((feature) => (row: number[]) => Number(row[feature]! > 0))]) {
      const deviation = Math.sqrt(x.reduce((sum, row, i) => sum + weigh(row) * p[i]! * (1 - p[i]!), 0));
      const excess = x.reduce((sum, row, i) => sum + weigh(row) * (first[i]! - p[i]!), 0);
      expect(Math.abs(excess)).toBeLessThan(STANDARD_ERRORS * deviation);
    }
  });

  test("features are standard normal; the switch has two humps, at 3 and at -3", () => {
    for (let feature = 0; feature < 10; feature++) {
      const isSwitch = config.task === "switch" && feature === 9;
      const values = x.map((row) => row[feature]!);
      const mean = values.reduce((a, b) => a + b, 0) / SIZE;
      const square = values.reduce((sum, value) => sum + value * value, 0) / SIZE;
      expect(Math.abs(mean)).toBeLessThan(STANDARD_ERRORS / Math.sqrt(SIZE));
      const expected = isSwitch ? 10 : 1;
      // The fourth moment less the squared second: 2, and 2 + 4 * 9 with humps.
      expect(Math.abs(square - expected)).toBeLessThan(STANDARD_ERRORS * Math.sqrt((isSwitch ? 38 : 2) / SIZE));
    }
  });
});
