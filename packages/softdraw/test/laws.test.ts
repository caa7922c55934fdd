/** The laws that every structure keeps, asked in the same words of each instance that is described in structures/. */

import { grad, jit, numpy as np, random, vmap } from "@jax-js/jax";
import { device, values, valuesOfAll } from "@softdraw/testing/device";
import {
  chiSquarePValue,
  FALSE_ALARM,
  kolmogorovCritical,
  kolmogorovSmirnov,
  largestDifference,
  normals,
  numericalGradient,
  sameLawPValue,
} from "@softdraw/testing/numbers";
import * as fc from "fast-check";

import { noise, type RelaxOptions } from "softdraw";
import { describe, expect, test } from "vitest";
import { readStructures } from "./structures.ts";

type Array = np.Array;

/**
 * How much is asked, and of which instances. "short": on WebGPU and with other versions of Node in the gate, what takes seconds on a
 * program in a card's place. "all": everything, of every instance, as the slow suites do. Otherwise everything of those that are not
 * just one more.
 */
const extent = process.env.SOFTDRAW_LAWS;
const isShort = extent === "short";

const described = (await readStructures()).flatMap(({ instances }) => instances);
const instances = described.filter(
  ({ another }) => extent === "all" || another === undefined || (another === "on a card" && !isShort),
);

describe.each(instances)("$name", ({ verbs, ...structure }) => {
  const size = structure.event.reduce((a, b) => a * b, 1);
  const array = (values: number[], batch: number[] = []) => np.array(values, { shape: [...batch, ...structure.event] });
  const repeated = (values: number[], count: number) =>
    np.tile(array(values), [count, ...structure.event.map(() => 1)]);
  const { value: valueShape = structure.event } = structure;
  const valueSize = valueShape.reduce((a, b) => a * b, 1);
  const valueArray = (values: number[], batch: number[] = []) => np.array(values, { shape: [...batch, ...valueShape] });
  const cotangents = (seed: number, batch: number[] = []) =>
    valueArray(normals(seed, (batch[0] ?? 1) * valueSize), batch);
  /** Numbers of each event: those of its value, or as many as are asked for. */
  const events = async (x: Array, size = valueSize): Promise<number[][]> => {
    const data = await values(x);
    return Array.from({ length: data.length / size }, (_, row) => data.slice(row * size, (row + 1) * size));
  };
  const logits = normals(7, size);
  /** Asked only of what a draw has a relaxation of. */
  const relax: NonNullable<typeof verbs.relax> = (...given) => verbs.relax!(...given);
  const hasRelax = verbs.relax !== undefined;
  const hasHard = hasRelax && !structure.neverHard;

  test("sample and mode give vertices, also in a batch", async () => {
    const draws = await events(await verbs.sample(random.key(1), array(normals(2, 64 * size, 3), [64])));
    expect(draws).toHaveLength(64);
    for (const draw of draws) expect(draw).toSatisfy(structure.isVertex);
    for (const choice of await events(await verbs.mode(array(normals(3, 8 * size), [8]))))
      expect(choice).toSatisfy(structure.isVertex);
  });

  test.skipIf(isShort).each([0.01, 0.5, 1, 100])(
    "relax and softMode at temperature %f give points of the polytope",
    async (temperature) => {
      const batch = () => array(normals(2, 64 * size, 3), [64]);
      if (hasRelax)
        for (const draw of await events(relax(random.key(1), batch(), { temperature })))
          expect(draw).toSatisfy(structure.isInPolytope);
      for (const point of await events(verbs.softMode(batch(), { temperature })))
        expect(point).toSatisfy(structure.isInPolytope);
    },
  );

  test.skipIf(isShort || structure.iterative || !hasRelax)(
    "relax tends to sample of the same key as the temperature falls",
    async () => {
      const batch = () => array(normals(4, 400 * size), [400]);
      const exact = await events(await verbs.sample(random.key(5), batch()));
      const shareFar = async (temperature: number) => {
        const relaxed = await events(relax(random.key(5), batch(), { temperature }));
        return relaxed.filter((draw, i) => largestDifference(draw, exact[i]!) > 1e-3).length / 400;
      };
      const shares = await Promise.all([1, 0.1, 0.01, 1e-6].map(shareFar));
      expect(shares).toEqual([...shares].sort((a, b) => b - a));
      expect(shares[2]).toBeLessThan(0.15);
      expect(shares[3]).toBe(0);
    },
  );

  test.skipIf(isShort || structure.iterative)("softMode tends to mode as the temperature falls", async () => {
    const soft = await values(verbs.softMode(array(logits), { temperature: 1e-4 }));
    expect(largestDifference(soft, await values(await verbs.mode(array(logits))))).toBeLessThan(1e-6);
  });

  test.skipIf(!hasHard)("hard has the value of sample, to the last bit, and the gradient of relax", async () => {
    const batch = () => array(normals(6, 32 * size), [32]);
    const exact = await values(await verbs.sample(random.key(8), batch()));
    const hard = await values(relax(random.key(8), batch(), { temperature: 0.3, hard: true }));
    expect(hard).toEqual(exact);
    const gradient = (hard: boolean) => {
      const loss = (l: Array) =>
        relax(random.key(8), l, { temperature: 0.3, hard })
          .mul(cotangents(9, [32]))
          .sum();
      return values(grad(loss)(batch()));
    };
    expect(await gradient(true)).toEqual(await gradient(false));
    expect(Math.max(...(await gradient(true)))).toBeGreaterThan(0);
  });

  test.skipIf(isShort)("the same key gives the same draw, another key another", async () => {
    const of = hasRelax ? relax : verbs.sample;
    const draw = async (seed: number) => values(await of(random.key(seed), array(normals(7, 50 * size), [50])));
    expect(await draw(1)).toEqual(await draw(1));
    expect(await draw(1)).not.toEqual(await draw(2));
  });

  test.skipIf(isShort || !hasRelax)(
    "relax with a scale of its noise is between softMode and relax, and hard the exact maximum of the same keys",
    async () => {
      const batch = () => array(normals(6, 32 * size), [32]);
      const draw = (noise: number | Array, options: RelaxOptions = {}) =>
        values(relax(random.key(8), batch(), { noise, ...options }));
      expect(await draw(0)).toEqual(await values(verbs.softMode(batch())));
      expect(await draw(np.array(1))).toEqual(await draw(1));
      const apart = (await Promise.all([0, 0.5, 1].map((noise) => draw(noise)))).map((x, _, [first]) =>
        largestDifference(x, first!),
      );
      expect(apart[0]).toBeLessThan(apart[1]!);
      expect(apart[1]).toBeLessThan(apart[2]!);
      const scales = () => np.array([0, 1], { shape: [2, ...structure.event.map(() => 1)] });
      const two = () => array([...logits, ...logits], [2]);
      const each = await events(relax(random.key(8), two(), { noise: scales() }));
      const [soft] = await events(verbs.softMode(array(logits)));
      const [, whole] = await events(relax(random.key(8), two()));
      expect(each).toEqual([soft, whole]);
      if (!hasHard) return;
      expect(await draw(0, { hard: true })).toEqual(await values(await verbs.mode(batch())));
      if (structure.iterative) return;
      const cold = await events(relax(random.key(8), batch(), { noise: 0.5, temperature: 1e-6 }));
      const hard = await events(relax(random.key(8), batch(), { noise: 0.5, hard: true }));
      for (const [i, vertex] of hard.entries()) {
        expect(vertex).toSatisfy(structure.isVertex);
        expect(largestDifference(vertex, cold[i]!)).toBeLessThan(1e-3);
      }
    },
  );

  test.skipIf(isShort || !hasRelax).each([-1, Number.NaN, 1e19])(
    "an array with a noise scale of %f gives NaN",
    async (bad) => {
      const noise = () => np.array([bad, 1]).slice(0);
      const found = await valuesOfAll([
        relax(random.key(1), array(logits), { noise: noise() }),
        ...(hasHard ? [relax(random.key(1), array(logits), { noise: noise(), hard: true })] : []),
      ]);
      expect(found.every(Number.isNaN)).toBe(true);
      expect(() => relax(random.key(1), array(logits), { noise: bad })).toThrow(
        /noise must be a number from 0 to 1e18, got/,
      );
    },
  );

  test.skipIf(isShort || !hasRelax)("the gradient by the noise's scale equals finite differences", async () => {
    const loss = (noise: Array) =>
      relax(random.key(12), array(logits), { noise, temperature: 0.7 }).mul(cotangents(13)).sum();
    const numeric = await numericalGradient(async ([noise]) => (await values(loss(np.array(noise!))))[0]!, [0.6]);
    expect(largestDifference(await values(grad(loss)(np.array(0.6))), numeric)).toBeLessThan(1e-3);
  });

  const relaxed: Record<string, (key: Array, logits: Array) => Array> = {
    ...(hasRelax && { relax: (key, l) => relax(key, l, { temperature: 0.5 }) }),
    ...(hasHard && { "relax hard": (key, l) => relax(key, l, { temperature: 0.5, hard: true }) }),
    softMode: (_, l) => verbs.softMode(l, { temperature: 0.5 }),
  };
  const exact: typeof relaxed = {
    sample: (key, l) => verbs.sample(key, l) as Array,
    mode: (_, l) => verbs.mode(l) as Array,
  };
  const { marginals, support, perturbGiven, relaxGiven } = verbs;
  /** A vertex that is possible, too, where what may be impossible is. */
  const { vertex: likely } = structure
    .law(logits)
    .find(({ vertex }) => structure.impossible.entries.every((i) => structure.impossible.share(vertex, i) === 0))!;
  const ofLogits: typeof relaxed = {
    ...(marginals && { marginals: (_, l) => marginals(l) }),
    ...(support && { support: (_, l) => support(l) }),
    ...(perturbGiven && { perturbGiven: (key, l) => perturbGiven(key, valueArray(likely), l) }),
    ...(relaxGiven && { relaxGiven: (key, l) => relaxGiven(key, valueArray(likely), l, { temperature: 0.5 }) }),
  };
  const traceable = { ...relaxed, ...ofLogits, ...(structure.onHost ? {} : exact) };

  test.skipIf(isShort).each(Object.entries(traceable))(
    "%s is the same eagerly, under jit, and under vmap",
    async (_, verb) => {
      const keys = () => random.split(random.key(10), 3);
      const batch = () => array(normals(11, 3 * size), [3]);
      const eager = await valuesOfAll([0, 1, 2].map((i) => verb(keys().slice(i), batch().slice(i))));
      const jitted = await valuesOfAll([0, 1, 2].map((i) => jit(verb)(keys().slice(i), batch().slice(i))));
      const mapped = await values(vmap(verb)(keys(), batch()));
      expect(jitted).toEqual(eager);
      expect(largestDifference(mapped, eager)).toBeLessThan(1e-6);
    },
  );

  const functions: Record<string, (logits: Array) => Array> = {
    ...(hasRelax && { relax: (l) => relax(random.key(12), l, { temperature: 0.7 }) }),
    softMode: (l) => verbs.softMode(l, { temperature: 0.7 }),
    ...(marginals && { marginals }),
    ...structure.differentiable,
  };
  const conditional: Record<string, (logits: Array) => Array> = {
    ...(perturbGiven && { perturbGiven: (l) => perturbGiven(random.key(12), valueArray(likely), l) }),
    ...(relaxGiven && { relaxGiven: (l) => relaxGiven(random.key(12), valueArray(likely), l, { temperature: 0.7 }) }),
  };
  const likelihoods = structure.differentiableIfPossible;

  test.each(Object.entries({ ...functions, ...likelihoods, ...(structure.implicit ? {} : conditional) }))(
    "the gradient of %s equals finite differences, for random cotangents",
    async (_, f) => {
      for (const seed of (structure.smooth ?? [20, 21, 22]).slice(0, isShort ? 1 : undefined)) {
        const at = normals(seed, size);
        const cotangent = normals(seed + 100, Math.max(size, valueSize));
        const loss = (l: Array) => {
          const value = f(l);
          return value.mul(np.array(cotangent.slice(0, value.size), { shape: value.shape })).sum();
        };
        const numeric = await numericalGradient(async (x) => (await values(loss(array(x))))[0]!, at);
        expect(largestDifference(await values(grad(loss)(array(at))), numeric)).toBeLessThan(1e-3);
      }
    },
  );

  test.skipIf(isShort)("the gradient by the temperature equals finite differences", async () => {
    const soft = (t: Array) =>
      hasRelax
        ? relax(random.key(12), array(logits), { temperature: t })
        : verbs.softMode(array(logits), { temperature: t });
    const loss = (t: Array) => soft(t).mul(cotangents(13)).sum();
    const numeric = await numericalGradient(async ([t]) => (await values(loss(np.array(t!))))[0]!, [0.7]);
    expect(largestDifference(await values(grad(loss)(np.array(0.7))), numeric)).toBeLessThan(1e-3);
  });

  const extremes: Record<string, (i: number) => number> = {
    "1e4 and -1e4": (i) => (i % 2 ? -1e4 : 1e4),
    "equal at 1e4": () => 1e4,
    "equal at -1e4": () => -1e4,
    "0 and -Infinity": (i) => (structure.impossible.entries.includes(i) ? Number.NEGATIVE_INFINITY : 0),
  };

  test.each(Object.entries(extremes).filter(([name]) => !isShort || name === "0 and -Infinity"))(
    "value and gradient are finite for logits %s, at temperature 0.01 too",
    async (_, at) => {
      const extreme = Array.from({ length: size }, (_, i) => at(i));
      const checked: typeof functions = {
        ...functions,
        ...conditional,
        softModeCold: (l: Array) => verbs.softMode(l, { temperature: 0.01 }),
        ...(hasRelax && { relaxCold: (l: Array) => relax(random.key(12), l, { temperature: 0.01 }) }),
        ...(extreme.includes(Number.NEGATIVE_INFINITY) ? {} : likelihoods),
      };
      for (const [name, f] of Object.entries(checked)) {
        const value = await values(f!(array(extreme)));
        expect(value.every(Number.isFinite), `${name} of ${extreme}: ${value}`).toBe(true);
        const gradient = await values(grad((l: Array) => f!(l).mul(0.5).sum())(array(extreme)));
        expect(gradient.every(Number.isFinite), `gradient of ${name} at ${extreme}: ${gradient}`).toBe(true);
        extreme.forEach((l, i) => {
          if (l === Number.NEGATIVE_INFINITY) expect(gradient[i]).toBe(0);
        });
      }
    },
  );

  const verbsByName: Record<string, (logits: Array) => Array | Promise<Array>> = {
    ...functions,
    ...likelihoods,
    ...conditional,
    sample: (l) => verbs.sample(random.key(12), l),
    mode: (l) => verbs.mode(l),
    ...(hasHard && { "relax hard": (l: Array) => relax(random.key(12), l, { hard: true }) }),
  };

  const first = logits.findIndex((_, i) => !structure.ignored?.includes(i));
  const spoilt: Record<string, (i: number) => number> = {
    NaN: (i) => (i === first ? Number.NaN : logits[i]!),
    ...(structure.absolute ? {} : { Infinity: (i) => (i === first ? Number.POSITIVE_INFINITY : logits[i]!) }),
    ...(structure.hopeless.length === 0
      ? {}
      : { "too few possible": (i) => (structure.hopeless.includes(i) ? Number.NEGATIVE_INFINITY : logits[i]!) }),
  };

  test.each(Object.entries(spoilt).filter(([name]) => !isShort || name === "NaN"))(
    "of logits with %s every verb is NaN, and of their neighbours it is not",
    async (_, at) => {
      const rows = [logits, logits.map((_, i) => at(i)), logits].flat();
      for (const [name, f] of Object.entries(verbsByName)) {
        const isSolved = structure.onHost && ["sample", "mode"].includes(name);
        if (isSolved) {
          await expect(f(array(rows, [3])), name).rejects.toThrow(RangeError);
          continue;
        }
        const found = await values(await f(array(rows, [3])));
        const size = found.length / 3;
        const right = await values(await f(array([logits, logits, logits].flat(), [3])));
        const expected = right.map((x, i) => (Math.floor(i / size) === 1 ? Number.NaN : x));
        expect(found, name).toEqual(expected);
      }
    },
  );

  test.skipIf(isShort).each([2 ** -126, 1e-30, 1e-20, 1e-9, 1e-3, 1e3, 1e9, 3e38])(
    "values and gradients are finite at temperature %f, with an impossible choice too",
    async (temperature) => {
      const masked = logits.map((l, i) => (i === structure.impossible.entries[0] ? Number.NEGATIVE_INFINITY : l));
      const checked: Record<string, (l: Array, t: Array) => Array> = {
        ...(hasRelax && { relax: (l, t) => relax(random.key(12), l, { temperature: t }) }),
        softMode: (l, t) => verbs.softMode(l, { temperature: t }),
        ...(relaxGiven && {
          relaxGiven: (l, t) => relaxGiven(random.key(12), valueArray(likely), l, { temperature: t }),
        }),
      };
      for (const at of [logits, masked]) {
        for (const [name, f] of Object.entries(checked)) {
          const value = await values(f(array(at), np.array(temperature)));
          expect(value, name).toSatisfy(structure.isInPolytope);
          const loss = (l: Array, t: Array) => f(l, t).mul(cotangents(13)).sum();
          for (const gradient of grad(loss, { argnums: [0, 1] })(array(at), np.array(temperature))) {
            expect((await values(gradient)).every(Number.isFinite), `gradient of ${name}`).toBe(true);
          }
        }
        if (temperature <= 1e-9 && !structure.iterative) {
          const exact = await values(await verbs.mode(array(at)));
          expect(await values(verbs.softMode(array(at), { temperature }))).toEqual(exact);
        }
      }
    },
  );

  test.skipIf(isShort)("a temperature for each event is that of each alone", async () => {
    const temperatures = [0.4, 1, 2.3];
    const batch = () => array(normals(11, 3 * size), [3]);
    const shape = [3, ...structure.event.map(() => 1)];
    const apart = await valuesOfAll(
      temperatures.map((temperature, i) => verbs.softMode(batch().slice([i, i + 1]), { temperature })),
    );
    const together = await values(verbs.softMode(batch(), { temperature: np.array(temperatures, { shape }) }));
    expect(together).toEqual(apart);
  });

  test.skipIf(isShort).each([0, -1, 1e-39, Number.NaN, Number.POSITIVE_INFINITY])(
    "an array with temperature %f gives NaN",
    async (bad) => {
      const temperature = () => np.array([bad, 1]).slice(0);
      const found = await valuesOfAll([
        verbs.softMode(array(logits), { temperature: temperature() }),
        ...(hasRelax ? [relax(random.key(1), array(logits), { temperature: temperature() })] : []),
        ...(relaxGiven
          ? [relaxGiven(random.key(1), valueArray(likely), array(logits), { temperature: temperature() })]
          : []),
      ]);
      expect(found.every(Number.isNaN)).toBe(true);
    },
  );

  test("an impossible choice is never taken", async () => {
    const { entries, share } = structure.impossible;
    const entry = entries[0]!;
    const masked = logits.map((l, i) => (i === entry ? Number.NEGATIVE_INFINITY : l));
    const taken = async (x: Array) => Math.max(...(await events(x)).map((value) => share(value, entry)));
    expect(await taken(await verbs.sample(random.key(14), repeated(masked, 5000)))).toBe(0);
    if (hasRelax) expect(await taken(relax(random.key(14), repeated(masked, 5000), { temperature: 10 }))).toBe(0);
    if (hasRelax) {
      const loud = { temperature: 10, noise: 1e18 };
      expect(await taken(relax(random.key(14), repeated(masked, 100), loud))).toBe(0);
    }
    expect(await taken(verbs.softMode(repeated(masked, 1), { temperature: 10 }))).toBe(0);
    expect(await taken(await verbs.mode(repeated(masked, 1)))).toBe(0);
  });

  test.skipIf(isShort)("frequencies follow the exact law", async () => {
    const draws = 100_000;
    const law = structure.law(logits);
    // A number for each value, not a text: of a million numbers that is most of the time.
    const codeOf = (x: ArrayLike<number>, from = 0) => {
      let code = 0;
      for (let i = from; i < from + valueSize; i++) code = 2 * code + x[i]!;
      return code;
    };
    const drawn = await values(await verbs.sample(random.key(15), repeated(logits, draws)));
    expect(drawn.every((x) => x === 0 || x === 1)).toBe(true);
    const counts = new Map(law.map(({ vertex }) => [codeOf(vertex), 0]));
    for (let from = 0; from < drawn.length; from += valueSize) {
      const code = codeOf(drawn, from);
      counts.set(code, counts.get(code)! + 1);
    }
    const pValue = chiSquarePValue(
      law.map(({ vertex }) => counts.get(codeOf(vertex))!),
      law.map(({ probability }) => probability),
    );
    expect(pValue).toBeGreaterThan(FALSE_ALARM);
  });

  test.skipIf(verbs.logProb === undefined)("logProb is the exact law, choice by choice", async () => {
    for (const { vertex, probability } of structure.law(logits)) {
      const logP = await values(verbs.logProb!(valueArray(vertex), array(logits)));
      expect(largestDifference(logP, [Math.log(probability)])).toBeLessThan(2e-5);
    }
  });

  test.skipIf(marginals === undefined)("marginals are the mean of the exact law", async () => {
    const law = structure.law(logits);
    const mean = logits.map((_, i) => law.reduce((sum, { vertex, probability }) => sum + probability * vertex[i]!, 0));
    expect(largestDifference(await values(marginals!(array(logits))), mean)).toBeLessThan(1e-6);
  });

  test.skipIf(support === undefined)("support has every value of the exact law once, for the event alone", async () => {
    const vertices = structure.law(logits).map(({ vertex }) => vertex);
    for (const batch of [[], [3]]) {
      const all = support!(array([logits, logits, logits].flat().slice(0, size * (batch[0] ?? 1)), batch));
      expect(all.dtype).toBe(np.float32);
      expect(await events(all)).toEqual(vertices);
    }
  });

  test.skipIf(verbs.law !== "gumbel-max")("sample is the mode of perturbed logits", async () => {
    const batch = () => array(normals(6, 100 * size), [100]);
    const exact = await values(await verbs.sample(random.key(8), batch()));
    expect(await values(await verbs.mode(noise.perturb(random.key(8), batch())))).toEqual(exact);
  });

  test.skipIf(structure.absolute || isShort)(
    "logits may be shifted by any constant, or put in another order with the choices",
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.float({ min: -100, max: 100, noNaN: true }), fc.nat({ max: 1000 }), async (shift, seed) => {
          const at = normals(seed, size);
          const plain = await values(verbs.softMode(array(at)));
          const shifted = await values(verbs.softMode(array(at.map((l) => l + shift))));
          expect(largestDifference(plain, shifted)).toBeLessThan(1e-4);
          if (structure.arranged) return;
          const reversed = await values(np.flip(verbs.softMode(np.flip(array(at), -1)), -1));
          expect(largestDifference(plain, reversed)).toBeLessThan(1e-5);
        }),
        { numRuns: 20, seed: 1 },
      );
    },
  );

  describe.skipIf(perturbGiven === undefined || isShort)("given the exact draw", () => {
    /** On WebGPU the noise is the same but for rounding, and the frequencies of many draws take minutes on a program. */
    const isSlow = device === "webgpu";
    const vertices = structure.law(logits).map(({ vertex }) => vertex);
    const keysGiven = (seed: number, value: Array, l: Array) => perturbGiven!(random.key(seed), value, l);
    /** A batch of logits with noise, whatever their exact draw. */
    const keys = (seed: number, count: number) => {
      const noises = [count, ...structure.event];
      const added =
        verbs.law === "bernoulli" ? noise.logistic(random.key(seed), noises) : noise.gumbel(random.key(seed), noises);
      return array(logits).add(added);
    };
    /** The probability of a smaller perturbed logit: uniform. */
    const below = (x: number, i: number) =>
      verbs.law === "bernoulli" ? 1 / (1 + Math.exp(logits[i]! - x)) : Math.exp(-Math.exp(logits[i]! - x));
    const bin = (p: number, bins: number) => Math.min(bins - 1, Math.floor(p * bins));
    /** How many events fall into each bin: of every entry in ten, and of every pair of entries in four times four. */
    const binned = (rows: number[][], p: (x: number, i: number) => number): number[][] => {
      const entries = rows[0]!.map((_, i) => i);
      const pairs = entries.flatMap((i) => entries.slice(i + 1).map((j) => [i, j] as const));
      const count = (bins: number, binOf: (row: number[]) => number) => {
        const counts = Array<number>(bins).fill(0);
        for (const row of rows) counts[binOf(row)]!++;
        return counts;
      };
      return [
        ...entries.map((i) => count(10, (row) => bin(p(row[i]!, i), 10))),
        ...pairs.map(([i, j]) => count(16, (row) => 4 * bin(p(row[i]!, i), 4) + bin(p(row[j]!, j), 4))),
      ];
    };

    test("the mode of the perturbed logits is the value, always, of extreme logits too", async () => {
      const batches = [
        normals(31, 400 * size),
        normals(32, 400 * size, 30),
        ...Object.values(extremes).map((at) => [at]),
      ];
      for (const batch of batches) {
        const numbers = typeof batch[0] === "function" ? undefined : (batch as number[]);
        const at =
          numbers ?? Array.from({ length: 400 * size }, (_, i) => (batch[0] as (i: number) => number)(i % size));
        const drawn = await verbs.sample(random.key(33), array(at, [400]));
        const perturbed = keysGiven(34, drawn.ref, array(at, [400]));
        expect(await values(await verbs.mode(perturbed))).toEqual(await values(drawn));
      }
      for (const at of [logits, logits.map((l) => l * 1e4), logits.map(() => 1e4)]) {
        const rows = repeated(at, vertices.length);
        const perturbed = keysGiven(35, valueArray(vertices.flat(), [vertices.length]), rows);
        expect(await events(await verbs.mode(perturbed))).toEqual(vertices);
      }
    });

    test("relaxGiven is the relaxation of the perturbed logits, and tends to the value", async () => {
      const batch = () => array(normals(4, 400 * size), [400]);
      const drawn = await verbs.sample(random.key(5), batch());
      const soft = await values(verbs.softMode(keysGiven(6, drawn.ref, batch()), { temperature: 0.5 }));
      const relaxed = await values(relaxGiven!(random.key(6), drawn.ref, batch(), { temperature: 0.5 }));
      expect(largestDifference(relaxed, soft)).toBeLessThan(1e-6);
      if (structure.iterative) return;
      const cold = await values(relaxGiven!(random.key(6), drawn.ref, batch(), { temperature: 1e-7 }));
      expect(largestDifference(cold, await values(drawn))).toBeLessThan(1e-6);
    });

    // Each of up to 45 tables alone fails a right sampler at the rate `FALSE_ALARM`, all of them at 5e-3 at most.
    test.skipIf(isSlow)(
      "over values from sample, perturbed logits have the law of any, one by one and in pairs",
      async () => {
        const drawn = await verbs.sample(random.key(36), repeated(logits, 40_000));
        const rows = await events(keysGiven(37, drawn, array(logits)), size);
        logits.forEach((_, i) => {
          const draws = Float32Array.from(rows, (row) => row[i]!);
          expect(kolmogorovSmirnov(draws, (x) => below(x, i))).toBeLessThan(kolmogorovCritical(draws.length));
        });
        for (const counts of binned(rows, below)) {
          const even = counts.map(() => 1 / counts.length);
          expect(chiSquarePValue(counts, even)).toBeGreaterThan(FALSE_ALARM);
        }
      },
    );

    test.skipIf(isSlow)(
      "over values from sample, relaxGiven has the law of relax, one by one and in pairs",
      async () => {
        const drawn = await verbs.sample(random.key(38), repeated(logits, 30_000));
        const options = { temperature: 0.5 };
        const given = binned(await events(relaxGiven!(random.key(39), drawn, array(logits), options)), (x) => x);
        const any = binned(await events(relax(random.key(40), repeated(logits, 30_000), options)), (x) => x);
        for (const [i, counts] of given.entries()) {
          expect(sameLawPValue(counts, any[i]!)).toBeGreaterThan(FALSE_ALARM);
        }
      },
    );

    // Of a hundred and fifty tables at most; all of them fail a right sampler at the rate 10 `FALSE_ALARM`.
    test.skipIf(isSlow)(
      "of each value alone, perturbed logits have the law of those draws that have this value",
      async () => {
        const any = keys(41, 40_000);
        const exact = (await events(await verbs.mode(any.ref))).map((value) => value.join());
        const rows = await events(any, size);
        for (const [v, vertex] of vertices.entries()) {
          const wanted = vertex.join();
          const kept = rows.filter((_, i) => exact[i] === wanted);
          const given = await events(keysGiven(42 + v, valueArray(vertex), repeated(logits, kept.length)), size);
          const expected = binned(kept, below);
          for (const [i, counts] of binned(given, below).entries()) {
            expect(sameLawPValue(counts, expected[i]!), `${vertex}, table ${i}`).toBeGreaterThan(FALSE_ALARM / 15);
          }
        }
      },
    );

    test("a value that cannot be is NaN, and its neighbours are as they were", async () => {
      const spoiltBy = (change: (x: number, i: number) => number) => likely.map(change);
      const wrong = [
        ...[Number.NaN, 0.5, -1, 2, Number.POSITIVE_INFINITY].map((bad) => spoiltBy((x, i) => (i === 0 ? bad : x))),
        ...(size > 1 ? [spoiltBy(() => 0), spoiltBy(() => 1), spoiltBy((x, i) => (i === 0 ? 1 - x : x))] : []),
      ];
      for (const value of wrong) {
        for (const f of [keysGiven, (seed: number, x: Array, l: Array) => relaxGiven!(random.key(seed), x, l)]) {
          const right = await values(f(50, valueArray([likely, likely, likely].flat(), [3]), repeated(logits, 3)));
          const found = await values(f(50, valueArray([likely, value, likely].flat(), [3]), repeated(logits, 3)));
          expect(found).toEqual(right.map((x, i) => (Math.floor((3 * i) / right.length) === 1 ? Number.NaN : x)));
        }
      }
    });

    test("a value with an impossible choice is NaN, and an impossible choice has no share in others", async () => {
      const { entries, share } = structure.impossible;
      const entry = entries[0]!;
      const masked = logits.map((l, i) => (i === entry ? Number.NEGATIVE_INFINITY : l));
      const rows = repeated(masked, vertices.length);
      const relaxed = await events(
        relaxGiven!(random.key(51), valueArray(vertices.flat(), [vertices.length]), rows, { temperature: 10 }),
      );
      vertices.forEach((vertex, v) => {
        if (share(vertex, entry) === 0) expect(share(relaxed[v]!, entry)).toBe(0);
        else expect(relaxed[v]!.every(Number.isNaN)).toBe(true);
      });
    });

    test("batch axes of value and logits broadcast, and no gradient reaches the value", async () => {
      const all = () => valueArray(vertices.flat(), [vertices.length]);
      const once = keysGiven(52, all(), array(logits));
      expect(once.shape).toEqual([vertices.length, ...structure.event]);
      const each = keysGiven(52, all(), repeated(logits, vertices.length));
      expect(await values(once)).toEqual(await values(each));
      expect(keysGiven(53, valueArray(likely), repeated(logits, 3)).shape).toEqual([3, ...structure.event]);
      const loss = (x: Array) => relaxGiven!(random.key(54), x, array(logits)).mul(cotangents(55)).sum();
      expect(await values(grad(loss)(valueArray(likely)))).toEqual(likely.map(() => 0));
    });

    test("another key gives other noise", async () => {
      const draw = (seed: number) => values(keysGiven(seed, valueArray(likely), array(logits)));
      expect(await draw(1)).toEqual(await draw(1));
      expect(await draw(1)).not.toEqual(await draw(2));
    });
  });
});
