/** Argument errors, as a caller meets them: what each says, and that nothing is consumed before one is thrown. */

import { jit, numpy as np, random } from "@jax-js/jax";
import { bernoulli, categorical, noise, permutation, straightThrough, subset } from "softdraw";
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
  test.each(Object.entries(refusals))("%s", (message, misuse) => {
    made.length = 0;
    expect(misuse).toThrow(new type(message));
    for (const array of made) {
      expect(array.refCount).toBe(1);
      expect(array.dataSync().length).toBe(array.size);
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
    "subset.sample": (k: Array) => subset.sample(k, floats(3), 2),
    "subset.sampleOrdered": (k: Array) => subset.sampleOrdered(k, floats(3), 2),
    "subset.relax": (k: Array) => subset.relax(k, floats(3), 2, { temperature: floats() }),
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
    [`${where}: key must be an array of the engine, got number.`]: () => call(untyped(42)),
    [`${where}: key must be an array of the engine, got undefined.`]: () => call(untyped(undefined)),
    [`${where}: key must be an array of the engine, got null.`]: () => call(untyped(null)),
  });
});

const ofLogits = (structure: typeof bernoulli | typeof categorical) => ({
  sample: (l: Array) => structure.sample(key(), l),
  relax: (l: Array) => structure.relax(key(), l, { temperature: floats() }),
  mode: (l: Array) => structure.mode(l),
  softMode: (l: Array) => structure.softMode(l, { temperature: floats() }),
  entropy: (l: Array) => structure.entropy(l),
  kl: (l: Array) => structure.kl(l, floats(3)),
  logProb: (l: Array) => structure.logProb(floats(3), l),
  relaxedLogProb: (l: Array) => structure.relaxedLogProb(floats(3), l, { temperature: floats() }),
});

describe.each(Object.entries(ofLogits(bernoulli)))("bernoulli.%s refuses as logits", (verb, call) => {
  const where = `bernoulli.${verb}`;
  refuses(TypeError, {
    [`${where}: logits must be floating point, got int32[3].`]: () => call(integers(3)),
    [`${where}: logits must be an array of the engine, got a JavaScript array, of which np.array makes one.`]: () =>
      call(untyped([0, 1, 2])),
  });
});

describe.each(Object.entries(ofLogits(categorical)))("categorical.%s refuses as logits", (verb, call) => {
  const where = `categorical.${verb}`;
  const shapeMessage = (got: string) =>
    `${where}: logits must have shape [..., n] with n at least 1, got float32[${got}].`;
  refuses(TypeError, {
    [`${where}: logits must be floating point, got int32[3].`]: () => call(integers(3)),
    [`${where}: logits must be an array of the engine, got number.`]: () => call(untyped(0.5)),
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
  relaxedLogProb: (temperature: number | Array) => structure.relaxedLogProb(floats(3), floats(3), { temperature }),
});

describe.each(
  Object.entries({ bernoulli, categorical }).flatMap(([name, structure]) =>
    Object.entries(ofTemperature(structure)).map(([verb, call]) => [`${name}.${verb}`, call] as const),
  ),
)("%s refuses as a temperature", (name, call) => {
  const where = name.replace(", hard", "");
  const message = (got: string) =>
    `${where}: temperature must be a positive number, got ${got}. ` +
    "For values without relaxation use mode (no noise), sample, or hard: true (exact value, relaxed gradient).";
  refuses(RangeError, {
    [message("0")]: () => call(0),
    [message("-0.5")]: () => call(-0.5),
    [message("NaN")]: () => call(Number.NaN),
    [message("Infinity")]: () => call(Number.POSITIVE_INFINITY),
    [`${where}: temperature must be a number or a scalar array, got float32[1].`]: () => call(floats(1)),
    [`${where}: temperature must be a number or a scalar array, got float32[3].`]: () => call(floats(3)),
  });
  refuses(TypeError, {
    [`${where}: temperature must be floating point, got int32[].`]: () => call(integers()),
    [`${where}: temperature must be a number or a scalar array, got string.`]: () => call(untyped("0.5")),
    [`${where}: temperature must be a number or a scalar array, got null.`]: () => call(untyped(null)),
  });
});

describe.each(
  Object.entries({
    "bernoulli.relax": (options: object) => bernoulli.relax(key(), floats(3), options),
    "categorical.softMode": (options: object) => categorical.softMode(floats(3), options),
    "subset.relax": (options: object) => subset.relax(key(), floats(3), 2, options),
    "subset.softMode": (options: object) => subset.softMode(floats(3), 2, options),
    "permutation.sinkhorn": (options: object) => permutation.sinkhorn(floats(3, 3), options),
  }),
)("%s refuses as options", (where, call) => {
  const message = (got: string) => `${where}: options must be an object such as { temperature: 0.5 }, got ${got}.`;
  refuses(TypeError, {
    [message("number")]: () => call(untyped(0.5)),
    [message("float32[]")]: () => call(floats()),
    [message("null")]: () => call(untyped(null)),
  });
});

describe("subsets refuse as k", () => {
  const message = (got: string) => `subset.sample: k must be a whole number from 1 to n = 3, got ${got}.`;
  const call = (k: unknown) => subset.sample(key(), floats(3), k as number);
  refuses(RangeError, {
    [message("undefined")]: () => call(undefined),
    [message("object")]: () => call({ temperature: 0.5 }),
    [message("int32[]")]: () => call(integers()),
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
    "bernoulli.logProb: value must be an array of the engine, got boolean.": () =>
      bernoulli.logProb(untyped(true), floats(3)),
    "bernoulli.relaxedLogProb: value must be floating point, got int32[].": () =>
      bernoulli.relaxedLogProb(integers(), floats(3)),
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
    [message("[null]")]: () => draw(key(), [Number.NaN]),
    [message("3")]: () => draw(key(), 3 as unknown as number[]),
  });
});

describe("noise refuses", () => {
  refuses(TypeError, {
    "noise.gumbelFromBits: bits must be uint32, got int32[3].": () => noise.gumbelFromBits(integers(3)),
    "noise.gumbelFromBits: bits must be an array of the engine, got number.": () => noise.gumbelFromBits(untyped(1)),
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

test("errors come from inside a jitted function too", () => {
  const cold = jit((l: Array) => categorical.softMode(l, { temperature: 0 }));
  expect(() => cold(np.ones([3]))).toThrow("categorical.softMode: temperature must be a positive number, got 0.");
  const batched = jit((keys: Array, l: Array) => bernoulli.sample(keys, l));
  expect(() => batched(random.split(random.key(1), 4), np.ones([4]))).toThrow("got uint32[4,2]");
});

test("an empty batch is no error", () => {
  expect(categorical.sample(random.key(0), np.zeros([0, 3])).shape).toEqual([0, 3]);
  expect(bernoulli.relax(random.key(0), np.zeros([0])).shape).toEqual([0]);
  expect(categorical.entropy(np.zeros([0, 3])).shape).toEqual([0]);
});
