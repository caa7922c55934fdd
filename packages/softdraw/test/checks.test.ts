/** Argument errors, as a caller meets them: what each says, and that nothing is consumed before one is thrown. */

import { grad, jit, numpy as np, random, vmap } from "@jax-js/jax";
import {
  arborescence,
  assignment,
  bernoulli,
  categorical,
  conditionalBernoulli,
  noise,
  permutation,
  spanningTree,
  straightThrough,
  subset,
} from "softdraw";
import { describe, expect, test } from "vitest";

type Array = np.Array;

/** Arrays made for a call, to see afterwards that they still live. */
const made: Array[] = [];
function track(array: Array): Array {
  made.push(array);
  return array;
}
const key = () => track(random.key(1));
const floats = (...shape: number[]) => track(np.ones(shape));
const integers = (...shape: number[]) => track(np.ones(shape, { dtype: np.int32 }));
/** Something that a caller without types could pass. */
const untyped = (value: unknown) => value as Array;

type Refusals = Record<string, () => unknown>;

/** Every call throws an error of this class with exactly this message, and leaves its arrays usable, held once. */
function refuses(type: ErrorConstructor, refusals: Refusals) {
  test.each(Object.entries(refusals))("%s", async (message, misuse) => {
    made.length = 0;
    expect(misuse).toThrow(new type(message));
    for (const array of made) {
      expect(array.refCount).toBe(1);
      expect((await array.data()).length).toBe(array.size);
    }
  });
}

const KEY_HINT =
  "key must be one PRNG key, uint32[2] as random.key(seed) makes it, got %. " +
  "Use random.split for several keys and vmap for a batch of them.";
const keyMessage = (where: string, got: string) => `${where}: ${KEY_HINT.replace("%", got)}`;

describe.each(
  Object.entries({
    "bernoulli.sample": (k: Array) => bernoulli.sample(k, floats(3)),
    "bernoulli.relax": (k: Array) => bernoulli.relax(k, floats(3)),
    "categorical.sample": (k: Array) => categorical.sample(k, floats(3)),
    "categorical.relax": (k: Array) => categorical.relax(k, floats(3), { temperature: floats() }),
    "bernoulli.perturbGiven": (k: Array) => bernoulli.perturbGiven(k, floats(3), floats(3)),
    "categorical.relaxGiven": (k: Array) => categorical.relaxGiven(k, floats(3), floats(3), { temperature: floats() }),
    "subset.perturbGiven": (k: Array) => subset.perturbGiven(k, floats(3), floats(3), 2),
    "subset.sample": (k: Array) => subset.sample(k, floats(3), 2),
    "subset.sampleOrdered": (k: Array) => subset.sampleOrdered(k, floats(3), 2),
    "subset.relax": (k: Array) => subset.relax(k, floats(3), 2, { temperature: floats() }),
    "conditionalBernoulli.sample": (k: Array) => conditionalBernoulli.sample(k, floats(3), 2),
    "noise.gumbel": (k: Array) => noise.gumbel(k, [3]),
    "noise.logistic": (k: Array) => noise.logistic(k, [3]),
    "noise.perturb": (k: Array) => noise.perturb(k, floats(3)),
  }),
)("%s refuses as a key", (where, call) => {
  refuses(TypeError, {
    [keyMessage(where, "uint32[4,2]")]: () => call(track(random.split(random.key(1), 4))),
    // As many keys as a key has numbers: the length alone would not tell.
    [keyMessage(where, "uint32[2,2]")]: () => call(track(random.split(random.key(1), 2))),
    [keyMessage(where, "float32[2]")]: () => call(floats(2)),
    [keyMessage(where, "uint32[3]")]: () => call(track(np.ones([3], { dtype: np.uint32 }))),
    [`${where}: key must be an array of the engine, got 42; random.key(42) makes one.`]: () => call(untyped(42)),
    [`${where}: key must be an array of the engine, got undefined.`]: () => call(untyped(undefined)),
    [`${where}: key must be an array of the engine, got null.`]: () => call(untyped(null)),
  });
});

const ofLogits = (structure: typeof bernoulli | typeof categorical) => ({
  sample: (l: Array) => structure.sample(key(), l),
  relax: (l: Array) => structure.relax(key(), l, { temperature: floats() }),
  mode: (l: Array) => structure.mode(l),
  softMode: (l: Array) => structure.softMode(l, { temperature: floats() }),
  marginals: (l: Array) => structure.marginals(l),
  support: (l: Array) => structure.support(l),
  perturbGiven: (l: Array) => structure.perturbGiven(key(), floats(3), l),
  relaxGiven: (l: Array) => structure.relaxGiven(key(), floats(3), l, { temperature: floats() }),
  entropy: (l: Array) => structure.entropy(l),
  kl: (l: Array) => structure.kl(l, floats(3)),
  logProb: (l: Array) => structure.logProb(floats(3), l),
  relaxedLogProb: (l: Array) => structure.relaxedLogProb(floats(3), l, { temperature: floats() }),
});

describe.each(Object.entries(ofLogits(bernoulli)))("bernoulli.%s refuses as logits", (verb, call) => {
  const where = `bernoulli.${verb}`;
  refuses(TypeError, {
    [`${where}: logits must be floating point, got int32[3].`]: () => call(integers(3)),
    [`${where}: logits must be an array of the engine, got a JavaScript array; np.array(logits) makes one.`]: () =>
      call(untyped([0, 1, 2])),
  });
});

describe.each(Object.entries(ofLogits(categorical)))("categorical.%s refuses as logits", (verb, call) => {
  const where = `categorical.${verb}`;
  const shapeMessage = (got: string) =>
    `${where}: logits must have shape [..., n] with n at least 1, got float32[${got}].`;
  refuses(TypeError, {
    [`${where}: logits must be floating point, got int32[3].`]: () => call(integers(3)),
    [`${where}: logits must be an array of the engine, got 0.5.`]: () => call(untyped(0.5)),
    [`${where}: logits must be an array of the engine, got a Float32Array; np.array(logits) makes one.`]: () =>
      call(untyped(new Float32Array(3))),
  });
  refuses(RangeError, {
    [shapeMessage("")]: () => call(floats()),
    [shapeMessage("0")]: () => call(floats(0)),
    [shapeMessage("4,0")]: () => call(floats(4, 0)),
  });
});

const ofTemperature = (structure: typeof bernoulli | typeof categorical) => ({
  relax: (temperature: number | Array) => structure.relax(key(), floats(3), { temperature }),
  "relax, hard": (temperature: number | Array) => structure.relax(key(), floats(3), { temperature, hard: true }),
  softMode: (temperature: number | Array) => structure.softMode(floats(3), { temperature }),
  relaxGiven: (temperature: number | Array) => structure.relaxGiven(key(), floats(3), floats(3), { temperature }),
  relaxedLogProb: (temperature: number | Array) => structure.relaxedLogProb(floats(3), floats(3), { temperature }),
});

describe.each(
  Object.entries({ bernoulli, categorical }).flatMap(([name, structure]) =>
    Object.entries(ofTemperature(structure)).map(([verb, call]) => [`${name}.${verb}`, call] as const),
  ),
)("%s refuses as a temperature", (name, call) => {
  const where = name.replace(", hard", "");
  const range = "from 1.2e-38 to 3.4e38, as float32 holds it";
  const batch = name.startsWith("bernoulli") ? "3" : "1";
  const message = (got: string, expected = "a positive number") =>
    `${where}: temperature must be ${expected}, got ${got}. For values without relaxation use mode (no noise)` +
    (where.endsWith(".relax") ? ", sample, or hard: true (exact value, relaxed gradient)." : " or sample.");
  refuses(RangeError, {
    [message("0")]: () => call(0),
    [message("-0.5")]: () => call(-0.5),
    [message("NaN")]: () => call(Number.NaN),
    [message("Infinity", range)]: () => call(Number.POSITIVE_INFINITY),
    [message("1e-45", range)]: () => call(1e-45),
    [message("1e-46", range)]: () => call(1e-46),
    [message("3.5e+38", range)]: () => call(3.5e38),
    [`${where}: temperature must be a number, a scalar array, or an array that broadcasts to [${batch}], one for each event of logits float32[3], got float32[2].`]:
      () => call(floats(2)),
  });
  refuses(TypeError, {
    [`${where}: temperature must be floating point, got int32[].`]: () => call(integers()),
    [`${where}: temperature must be a number or an array, got string.`]: () => call(untyped("0.5")),
    [`${where}: temperature must be a number or an array, got null.`]: () => call(untyped(null)),
  });
});

describe.each(
  Object.entries({
    "bernoulli.relax": (options: object) => bernoulli.relax(key(), floats(3), options),
    "categorical.softMode": (options: object) => categorical.softMode(floats(3), options),
    "subset.relax": (options: object) => subset.relax(key(), floats(3), 2, options),
    "subset.softMode": (options: object) => subset.softMode(floats(3), 2, options),
    "subset.of(2).relax": (options: object) => subset.of(2).relax(key(), floats(3), options),
    "permutation.sinkhorn": (options: object) => permutation.sinkhorn(floats(3, 3), options),
    "conditionalBernoulli.softMode": (options: object) => conditionalBernoulli.softMode(floats(3), 2, options),
  }),
)("%s refuses as options", (where, call) => {
  const message = (got: string) => `${where}: options must be an object such as { temperature: 0.5 }, got ${got}.`;
  refuses(TypeError, {
    [message("0.5")]: () => call(untyped(0.5)),
    [message("float32[]")]: () => call(floats()),
    [message("null")]: () => call(untyped(null)),
    [message("a JavaScript array")]: () => call(untyped([0.5])),
  });
});

describe("subsets refuse as k", () => {
  const order = (where: string, names: string) =>
    `${where}: k is missing, a whole number from 1 to n = 3. The arguments are ${names}, in this order.`;
  const options = { temperature: 0.5 } as unknown as number;
  const none = undefined as unknown as number;
  refuses(TypeError, {
    [order("subset.sample", "key, logits, k")]: () => subset.sample(key(), floats(3), none),
    [order("subset.sampleOrdered", "key, logits, k")]: () => subset.sampleOrdered(key(), floats(3), none),
    [order("subset.mode", "logits, k")]: () => subset.mode(floats(3), none),
    [order("subset.relax", "key, logits, k, options")]: () => subset.relax(key(), floats(3), options),
    [order("subset.softMode", "logits, k, options")]: () => subset.softMode(floats(3), options),
    [order("subset.setLogProb", "khot, logits, k")]: () => subset.setLogProb(floats(3), floats(3), none),
    [order("subset.support", "logits, k")]: () => subset.support(floats(3), none),
    [order("subset.perturbGiven", "key, khot, logits, k")]: () =>
      subset.perturbGiven(key(), floats(3), floats(3), none),
    [order("subset.relaxGiven", "key, khot, logits, k, options")]: () =>
      subset.relaxGiven(key(), floats(3), floats(3), options),
    "subset.sample: logits must be an array of the engine, got 2. The arguments are key, logits, k, in this order.":
      () => subset.sample(key(), untyped(2), floats(3) as unknown as number),
  });
  const message = (got: string) => `subset.sample: k must be a whole number from 1 to n = 3, got ${got}.`;
  const call = (k: unknown) => subset.sample(key(), floats(3), k as number);
  refuses(RangeError, {
    [message("0")]: () => call(0),
    [message("4")]: () => call(4),
    [message("1.5")]: () => call(1.5),
    [message("string")]: () => call("2"),
    [message("int32[]")]: () => call(integers()),
  });
});

describe("subset.of", () => {
  const pairs = subset.of(2);
  const message = (got: string) => `subset.of: k must be a whole number of at least 1, got ${got}.`;
  refuses(RangeError, {
    [message("0")]: () => subset.of(0),
    [message("2.5")]: () => subset.of(2.5),
    [message("9007199254740992")]: () => subset.of(2 ** 53),
    [message("1e+300")]: () => subset.of(1e300),
    [message("string")]: () => subset.of("2" as unknown as number),
    [message("undefined")]: () => subset.of(undefined as unknown as number),
    "subset.of(2).sample: k must be a whole number from 1 to n = 1, got 2.": () => pairs.sample(key(), floats(1)),
    "subset.of(2).mode: k must be a whole number from 1 to n = 1, got 2.": () => pairs.mode(floats(1)),
    "subset.of(2).logProb: value must match logits float32[4,3] in its event axes and broadcast over the batch, got float32[2].":
      () => pairs.logProb(floats(2), floats(4, 3)),
  });
  const inPlaceOfLogits = (verb: string, order: string) =>
    `subset.of(2).${verb}: logits must be an array of the engine, got 3.${order && ` The arguments are ${order}, in this order.`}`;
  refuses(TypeError, {
    [inPlaceOfLogits("sample", "key, logits")]: () => pairs.sample(key(), untyped(3)),
    [inPlaceOfLogits("sampleOrdered", "key, logits")]: () => pairs.sampleOrdered(key(), untyped(3)),
    [inPlaceOfLogits("relax", "key, logits, options")]: () => pairs.relax(key(), untyped(3)),
    [inPlaceOfLogits("softMode", "logits, options")]: () => pairs.softMode(untyped(3)),
    [inPlaceOfLogits("support", "")]: () => pairs.support(untyped(3)),
    [inPlaceOfLogits("perturbGiven", "key, value, logits")]: () => pairs.perturbGiven(key(), floats(3), untyped(3)),
    [inPlaceOfLogits("relaxGiven", "key, value, logits, options")]: () =>
      pairs.relaxGiven(key(), floats(3), untyped(3)),
    [inPlaceOfLogits("logProb", "value, logits")]: () => pairs.logProb(floats(3), untyped(3)),
    [inPlaceOfLogits("mode", "")]: () => pairs.mode(untyped(3)),
  });
  refuses(TypeError, {
    "subset.of(2).relax: logits must be floating point, got int32[3].": () => pairs.relax(key(), integers(3)),
    "subset.of(2).softMode: logits must be an array of the engine, got a JavaScript array; np.array(logits) makes one.":
      () => pairs.softMode(untyped([1, 2, 3])),
    [keyMessage("subset.of(2).sampleOrdered", "float32[2]")]: () => pairs.sampleOrdered(floats(2), floats(3)),
  });
});

describe("conditionalBernoulli refuses", () => {
  const { entropy, kl, logPartition, logProb, marginals, mode, sample, softMode, support } = conditionalBernoulli;
  const order = (verb: string, names: string) =>
    `conditionalBernoulli.${verb}: k is missing, a whole number from 1 to n = 3. The arguments are ${names}, in this order.`;
  const none = undefined as unknown as number;
  refuses(TypeError, {
    [order("entropy", "logits, k")]: () => entropy(floats(3), none),
    [order("kl", "logits, k, prior")]: () => kl(floats(3), none, floats(3)),
    [order("logPartition", "logits, k")]: () => logPartition(floats(3), none),
    [order("logProb", "khot, logits, k")]: () => logProb(floats(3), floats(3), none),
    [order("marginals", "logits, k")]: () => marginals(floats(3), none),
    [order("mode", "logits, k")]: () => mode(floats(3), none),
    [order("sample", "key, logits, k")]: () => sample(key(), floats(3), none),
    [order("softMode", "logits, k, options")]: () => softMode(floats(3), none),
    [order("support", "logits, k")]: () => support(floats(3), none),
    "conditionalBernoulli.kl: prior must be floating point, got int32[3].": () => kl(floats(3), 2, integers(3)),
  });
  const pairs = conditionalBernoulli.of(2);
  refuses(RangeError, {
    "conditionalBernoulli.of: k must be a whole number of at least 1, got 0.": () => conditionalBernoulli.of(0),
    "conditionalBernoulli.kl: k must be a whole number from 1 to n = 3, got float32[3].": () =>
      kl(floats(3), floats(3) as unknown as number, untyped(2)),
    "conditionalBernoulli.sample: k must be a whole number from 1 to n = 3, got 4.": () => sample(key(), floats(3), 4),
    "conditionalBernoulli.of(2).kl: k must be a whole number from 1 to n = 1, got 2.": () => pairs.kl(floats(1)),
    "conditionalBernoulli.of(2).kl: prior must match logits float32[4,3] in its event axes and broadcast over the batch, got float32[2].":
      () => pairs.kl(floats(4, 3), floats(2)),
    "conditionalBernoulli.of(2).logProb: value must match logits float32[4,3] in its event axes and broadcast over the batch, got float32[2].":
      () => pairs.logProb(floats(2), floats(4, 3)),
  });
});

test.each([subset, conditionalBernoulli])("what of(k) gives cannot be changed", ({ of }) => {
  expect(Object.isFrozen(of(2))).toBe(true);
});

describe("trees refuse", () => {
  const rooted = arborescence.of({ root: 2 });
  const shape = "logits must have shape [..., n, n]";
  refuses(RangeError, {
    [`spanningTree.marginals: ${shape}, got float32[3,2].`]: () => spanningTree.marginals(floats(3, 2)),
    [`spanningTree.sample: ${shape} with n at least 1, got float32[3].`]: () => spanningTree.sample(key(), floats(3)),
    [`arborescence.perturbed.relax: ${shape}, got float32[2,4,3].`]: () =>
      arborescence.perturbed.relax(key(), floats(2, 4, 3)),
    "spanningTree.kl: prior must match logits float32[3,3] in its event axes and broadcast over the batch, got float32[2,2].":
      () => spanningTree.kl(floats(3, 3), floats(2, 2)),
    "arborescence.logProb: value must match logits float32[3,3] in its event axes and broadcast over the batch, got float32[3].":
      () => arborescence.logProb(floats(3), floats(3, 3)),
    "arborescence.of({ root: 2 }).sample: root must be a vertex, from 0 to n - 1 = 1, of logits float32[2,2].": () =>
      rooted.sample(key(), floats(2, 2)),
    "arborescence.of: root must be a whole number of at least 0, got -1.": () => arborescence.of({ root: -1 }),
    "arborescence.perturbed.of: root must be a whole number of at least 0, got 0.5.": () =>
      arborescence.perturbed.of({ root: 0.5 }),
  });
  refuses(TypeError, {
    [keyMessage("spanningTree.sample", "float32[2]")]: () => spanningTree.sample(floats(2), floats(3, 3)),
    [keyMessage("spanningTree.perturbed.sample", "float32[2]")]: () =>
      spanningTree.perturbed.sample(floats(2), floats(3, 3)),
    [keyMessage("arborescence.perturbed.sample", "float32[2]")]: () =>
      arborescence.perturbed.sample(floats(2), floats(3, 3)),
    "arborescence.of: options must be an object such as { root: 0 }, got 2.": () => arborescence.of(2 as never),
    "arborescence.kl: prior must be floating point, got int32[3,3].": () =>
      arborescence.kl(floats(3, 3), integers(3, 3)),
  });
  test("what of gives cannot be changed", () => {
    expect([rooted, arborescence.perturbed.of({ root: 0 })].every(Object.isFrozen)).toBe(true);
  });
});

describe("values and priors are refused", () => {
  const { kl, logProb, relaxedLogProb } = categorical;
  const mismatch = (got: string) =>
    `must match logits float32[4,3] in its event axes and broadcast over the batch, got float32[${got}].`;
  refuses(RangeError, {
    [`categorical.kl: prior ${mismatch("4")}`]: () => kl(floats(4, 3), floats(4)),
    [`categorical.kl: prior ${mismatch("2,3")}`]: () => kl(floats(4, 3), floats(2, 3)),
    [`categorical.logProb: value ${mismatch("")}`]: () => logProb(floats(), floats(4, 3)),
    [`categorical.logProb: value ${mismatch("4,1")}`]: () => logProb(floats(4, 1), floats(4, 3)),
    [`categorical.relaxedLogProb: value ${mismatch("5,2,3")}`]: () => relaxedLogProb(floats(5, 2, 3), floats(4, 3)),
    [`categorical.perturbGiven: value ${mismatch("4")}`]: () =>
      categorical.perturbGiven(key(), floats(4), floats(4, 3)),
    [`categorical.relaxGiven: value ${mismatch("2,3")}`]: () =>
      categorical.relaxGiven(key(), floats(2, 3), floats(4, 3)),
    [`subset.relaxGiven: khot ${mismatch("4")}`]: () => subset.relaxGiven(key(), floats(4), floats(4, 3), 2),
    [`subset.of(2).perturbGiven: value ${mismatch("4")}`]: () =>
      subset.of(2).perturbGiven(key(), floats(4), floats(4, 3)),
    "bernoulli.perturbGiven: value must match logits float32[3] and broadcast over the batch, got float32[2].": () =>
      bernoulli.perturbGiven(key(), floats(2), floats(3)),
    "categorical.kl: prior must have shape [..., n] with n at least 1, got float32[].": () => kl(floats(3), floats()),
    "bernoulli.kl: prior must match logits float32[3] and broadcast over the batch, got float32[2].": () =>
      bernoulli.kl(floats(3), floats(2)),
    "bernoulli.logProb: value must match logits float32[4,3] and broadcast over the batch, got float32[4].": () =>
      bernoulli.logProb(floats(4), floats(4, 3)),
    "bernoulli.relaxedLogProb: value must match logits float32[3] and broadcast over the batch, got float32[2].": () =>
      bernoulli.relaxedLogProb(floats(2), floats(3)),
  });
  refuses(TypeError, {
    "categorical.kl: prior must be floating point, got int32[3].": () => kl(floats(3), integers(3)),
    "categorical.logProb: value must be floating point, got int32[3].": () => logProb(integers(3), floats(3)),
    "categorical.relaxGiven: value must be floating point, got int32[3].": () =>
      categorical.relaxGiven(key(), integers(3), floats(3)),
    "subset.perturbGiven: khot must be floating point, got int32[3].": () =>
      subset.perturbGiven(key(), integers(3), floats(3), 2),
    "bernoulli.logProb: value must be an array of the engine, got boolean.": () =>
      bernoulli.logProb(untyped(true), floats(3)),
    "bernoulli.relaxedLogProb: value must be floating point, got int32[].": () =>
      bernoulli.relaxedLogProb(integers(), floats(3)),
  });
});

describe("what has too many values to list them is refused", () => {
  const message = (where: string, shape: string, count: number | string, size: number) =>
    `${where}: at most 65536 values, and at most 67108864 numbers, are listed, and logits float32[${shape}] have ` +
    `${count} values of ${size} numbers.`;
  refuses(RangeError, {
    [message("categorical.support", "2,8193", 8193, 8193)]: () => categorical.support(floats(2, 8193)),
    [message("subset.support", "21", 116_280, 21)]: () => subset.support(floats(21), 7),
    [message("subset.of(40).support", "100", "more than 2^53", 100)]: () => subset.of(40).support(floats(100)),
    [message("subset.support", "8193", 8193, 8193)]: () => subset.support(floats(8193), 8192),
    [message("permutation.support", "9,9", 362_880, 81)]: () => permutation.support(floats(9, 9)),
    [message("spanningTree.support", "8,8", 262_144, 64)]: () => spanningTree.support(floats(8, 8)),
    [message("arborescence.support", "7,7", 117_649, 49)]: () => arborescence.support(floats(7, 7)),
    [message("permutation.support", "1000,1000", "more than 2^53", 1_000_000)]: () =>
      permutation.support(floats(1000, 1000)),
    "permutation.support: logits must have shape [..., n, n], got float32[2,3].": () =>
      permutation.support(floats(2, 3)),
  });
});

describe.each([
  ["noise.gumbel", noise.gumbel],
  ["noise.logistic", noise.logistic],
])("%s refuses as a shape", (where, draw) => {
  const message = (got: string) => `${where}: shape must be a list of non-negative integers, got ${got}.`;
  refuses(RangeError, {
    [message("[-1]")]: () => draw(key(), [-1]),
    [message("[2,1.5]")]: () => draw(key(), [2, 1.5]),
    [message("[NaN]")]: () => draw(key(), [Number.NaN]),
    [message("[2,bigint]")]: () => draw(key(), [2, 3n as unknown as number]),
    [message("[int32[]]")]: () => draw(key(), [integers() as unknown as number]),
    [message("float32[2]")]: () => draw(key(), floats(2) as unknown as number[]),
    [message("bigint")]: () => draw(key(), 3n as unknown as number[]),
    [message("3")]: () => draw(key(), 3 as unknown as number[]),
  });
});

describe("noise refuses", () => {
  refuses(TypeError, {
    "noise.gumbelFromBits: bits must be uint32, got int32[3].": () => noise.gumbelFromBits(integers(3)),
    "noise.gumbelFromBits: bits must be an array of the engine, got 1; np.array(bits, { dtype: np.uint32 }) makes one.":
      () => noise.gumbelFromBits(untyped(1)),
    "noise.logisticFromBits: bits must be uint32, got float32[3].": () => noise.logisticFromBits(floats(3)),
    "noise.perturb: logits must be floating point, got int32[3].": () => noise.perturb(key(), integers(3)),
  });
});

describe("straightThrough refuses", () => {
  refuses(TypeError, {
    "straightThrough: soft must be floating point, got int32[3].": () => straightThrough(integers(3), floats(3)),
    "straightThrough: hard must be floating point, got int32[3].": () => straightThrough(floats(3), integers(3)),
    "straightThrough: hard must be an array of the engine, got undefined.": () =>
      straightThrough(floats(3), untyped(undefined)),
  });
  refuses(RangeError, {
    "straightThrough: hard must have the shape of soft, float32[2,3], got float32[3].": () =>
      straightThrough(floats(2, 3), floats(3)),
  });
});

describe("what comes in place of an array is named, and the hint leads to an array that is taken", () => {
  const { apply, invert, compose } = permutation;
  const { logProb } = subset;
  const message = (where: string, name: string, got: string) =>
    `${where}: ${name} must be an array of the engine, got ${got}.`;
  const ofBernoulli = (got: string) => message("bernoulli.mode", "logits", got);
  const draw = () => untyped(permutation.sample(random.key(1), np.zeros([3, 3])));
  refuses(TypeError, {
    [message("permutation.apply", "plan", "a promise: await it")]: () => apply(draw(), floats(3)),
    [ofBernoulli("a Date")]: () => bernoulli.mode(untyped(new Date())),
    [ofBernoulli("a Map")]: () => bernoulli.mode(untyped(new Map())),
    [ofBernoulli("an ArrayBuffer")]: () => bernoulli.mode(untyped(new ArrayBuffer(8))),
    [ofBernoulli("a DataView")]: () => bernoulli.mode(untyped(new DataView(new ArrayBuffer(8)))),
    [ofBernoulli("a BigInt64Array")]: () => bernoulli.mode(untyped(new BigInt64Array(2))),
    [ofBernoulli("object")]: () => bernoulli.mode(untyped({ length: 3 })),
    [ofBernoulli("0.5; np.array(logits) makes one")]: () => bernoulli.mode(untyped(0.5)),
    [ofBernoulli("a Float64Array; np.array(Float32Array.from(logits)) makes one")]: () =>
      bernoulli.mode(untyped(new Float64Array(3))),
    [ofBernoulli("an Int32Array; np.array(Float32Array.from(logits)) makes one")]: () =>
      bernoulli.mode(untyped(new Int32Array(3))),
    [message("bernoulli.sample", "key", "a Uint32Array; random.key(seed) makes one")]: () =>
      bernoulli.sample(untyped(new Uint32Array(2)), floats(3)),
    [message("bernoulli.sample", "key", "a JavaScript array; random.key(seed) makes one")]: () =>
      bernoulli.sample(untyped([0, 1]), floats(3)),
    [message("bernoulli.sample", "key", "0.5; random.key(seed) makes one")]: () =>
      bernoulli.sample(untyped(0.5), floats(3)),
    [message("noise.gumbelFromBits", "bits", "a Uint8Array; np.array(Uint32Array.from(bits)) makes one")]: () =>
      noise.gumbelFromBits(untyped(new Uint8Array(3))),
    [message("subset.logProb", "indices", "a JavaScript array; np.array(indices, { dtype: np.int32 }) makes one")]:
      () => logProb(untyped([0, 1]), floats(3)),
    [message("subset.logProb", "indices", "a Uint32Array; np.array(Int32Array.from(indices)) makes one")]: () =>
      logProb(untyped(new Uint32Array(2)), floats(3)),
    [message("subset.logProb", "indices", "1")]: () => logProb(untyped(1), floats(3)),
    [message("categorical.logProb", "value", "1")]: () => categorical.logProb(untyped(1), floats(3)),
    [message("permutation.mode", "logits", "a Float32Array")]: () => permutation.mode(untyped(new Float32Array(4))),
    [message("permutation.invert", "value", "a JavaScript array; np.array(value, { dtype: np.int32 }) makes one")]:
      () => invert(untyped([2, 0, 1])),
    [message("permutation.compose", "second", "a JavaScript array; np.array(second) makes one")]: () =>
      compose(floats(2, 2), untyped([[0, 1], [1, 0]])), // biome-ignore format: a matrix
  });
});

test("errors come from inside a jitted function too", () => {
  const cold = jit((l: Array) => categorical.softMode(l, { temperature: 0 }));
  expect(() => cold(np.ones([3]))).toThrow("categorical.softMode: temperature must be a positive number, got 0.");
  const batched = jit((keys: Array, l: Array) => bernoulli.sample(keys, l));
  expect(() => batched(random.split(random.key(1), 4), np.ones([4]))).toThrow("got uint32[4,2]");
});

/**
 * Verbs that are solved on the host return promises, but they refuse arrays at once: nobody awaits what `jit` was
 * given.
 */
describe.each(
  Object.entries({
    "assignment.maximize": (l: Array) => assignment.maximize(l),
    "permutation.mode": (l: Array) => permutation.mode(l),
    "permutation.sample": (l: Array) => permutation.sample(random.key(1), l),
    "permutation.iterationsFor": (l: Array) => permutation.iterationsFor(l),
  }),
)("%s refuses", (where, call) => {
  const name = where === "assignment.maximize" ? "weights" : "logits";
  // Called inside of a function that is traced, of which it is not the result.
  const traced = (f: (l: Array) => unknown) => (l: Array) => {
    f(l.ref);
    return l.sum();
  };
  const message = new TypeError(`${where} is solved on the host: call it outside jit, grad and vmap.`);

  test("arrays that are traced, when it is called", () => {
    expect(() => jit(traced(call))(np.zeros([2, 2]))).toThrow(message);
    expect(() => grad(traced(call))(np.zeros([2, 2]))).toThrow(message);
    expect(() => vmap(traced(call))(np.zeros([3, 2, 2]))).toThrow(message);
  });

  test("all arrays inside jit, also those from outside", () => {
    const outside = np.zeros([2, 2]);
    expect(() => jit(traced(() => call(outside)))(np.zeros([2]))).toThrow(message);
    expect(outside.refCount).toBe(1);
  });

  const shape = where === "assignment.maximize" ? "[..., m, n] with m and n" : "[..., n, n] with n";
  refuses(RangeError, {
    [`${where}: ${name} must have shape ${shape} at least 1, got float32[3].`]: () => call(floats(3)),
  });
});

test("verbs that are solved on the host refuse a traced key or temperature", () => {
  const draw = (k: Array) => {
    permutation.sample(k, np.zeros([2, 2]));
    return np.zeros([]);
  };
  expect(() => vmap(draw)(random.split(random.key(1), 3))).toThrow("permutation.sample is solved on the host");
  const count = (temperature: Array) => {
    permutation.iterationsFor(np.zeros([2, 2]), { temperature: temperature.ref });
    return temperature;
  };
  expect(() => grad(count)(np.array(0.5))).toThrow("permutation.iterationsFor is solved on the host");
});

test("an empty batch is no error", () => {
  expect(categorical.sample(random.key(0), np.zeros([0, 3])).shape).toEqual([0, 3]);
  expect(bernoulli.relax(random.key(0), np.zeros([0])).shape).toEqual([0]);
  expect(categorical.entropy(np.zeros([0, 3])).shape).toEqual([0]);
});
