/**
 * The engine's hashes by whole numbers. It hashes every expression that it traces, to find what it has compiled already, and
 * every kernel whenever it is called.
 *
 * Upstream: hashes are computed with BigInts, one step a letter. That is a tenth of the time of a first call, a third of a call that
 * takes a millisecond, and two thirds of what a kernel alone costs beside its computation.
 */

import type { numpy as np } from "@jax-js/jax";
import { newWatch } from "./fallback.ts";
import type { ThreadOptions } from "./install.ts";
import { checkOptions } from "./options.ts";

/** What is needed of the engine: `import * as engine from "@jax-js/jax"` has it. */
export type HashingEngine = Pick<typeof import("@jax-js/jax"), "makeJaxpr">;

/**
 * Has the engine hash programs and kernels in less time, on every device. A first call then takes a tenth less, a call of a
 * millisecond a third less, an operation outside `jit` a third of its time. What is computed stays the same, to the last bit. To be
 * called when the engine has been imported, before it compiles; a second call changes nothing.
 *
 * @param engine the module `@jax-js/jax`, or an object with its `makeJaxpr`
 * @param options `onFallback`, which is told why the engine was left to its own way if it is not as expected
 * @throws TypeError if that is no engine, if there is no such option, or `onFallback` is no function
 */
export function installFastHashing(engine: HashingEngine, options: ThreadOptions = {}): void {
  checkOptions("installFastHashing(engine, options)", options, ["onFallback"]);
  if (typeof engine?.makeJaxpr !== "function") {
    throw new TypeError(
      'installFastHashing(engine): expected the module of the engine, as by import * as engine from "@jax-js/jax", got what has ' +
        "no makeJaxpr.",
    );
  }
  const hasher = findHasher(engine);
  if (hasher === undefined) newWatch(options.onFallback).stepBack("the engine hashes programs in another way");
  else hasher.update = update;
}

/** What the engine makes for each hash: it is updated with what is hashed, and then has the value. */
interface Hasher {
  value: unknown;
  update(x: unknown): Hasher;
  /** Ours: two words of the state; absent before the first update. */
  words?: Int32Array;
}

/** What is hashed may hash itself. */
interface Hashable {
  hash(state: Hasher): void;
}

/**
 * What all hashes of the engine inherit from: an axis of an array is hashed by itself if it can be, and so one that can be is
 * told the hash that it takes part in. Undefined if that is not as expected.
 */
function findHasher({ makeJaxpr }: HashingEngine): Hasher | undefined {
  let found: Hasher | undefined;
  const axis: Hashable = {
    hash(state) {
      found = state;
    },
  };
  try {
    const { jaxpr } = makeJaxpr((x: np.Array) => x)(0 as never);
    const program = jaxpr.jaxpr as unknown as Program;
    program.inBinders[0]!.aval.shape.push(axis);
    program.getHash();
  } catch {
    return undefined;
  }
  const hasher: Hasher | null = found === undefined ? null : Object.getPrototypeOf(found);
  const isExpected = hasher !== null && Object.hasOwn(hasher, "update") && found !== undefined && "value" in found;
  return isExpected ? hasher : undefined;
}

/** A program of the engine, as far as it is looked at. */
interface Program {
  readonly inBinders: readonly { readonly aval: { readonly shape: unknown[] } }[];
  getHash(): unknown;
}

const number = new Float64Array(1);
const halves = new Int32Array(number.buffer);

/** What stands for values that are no numbers. Any different words do. */
const [TRUE, FALSE, NULL, UNDEFINED] = [69069841, 63640693, 37832657, 18145117];

/** In place of the engine's: takes x into the hash, whose value is a whole number of 53 bits then. */
function update(this: Hasher, x: unknown): Hasher {
  this.words ??= Int32Array.of(-1640531527, -2048144789);
  const { words } = this;
  if (typeof x === "number") {
    number[0] = x;
    mix(words, halves[0]!);
    mix(words, halves[1]!);
  } else if (typeof x === "string") {
    mix(words, x.length);
    for (let i = 0; i < x.length; i++) mix(words, x.charCodeAt(i));
  } else if (typeof x === "boolean") mix(words, x ? TRUE : FALSE);
  else if (x === null) mix(words, NULL);
  else if (x === undefined) mix(words, UNDEFINED);
  // A hash of before, which is kept with its expression.
  else if (typeof x === "bigint") update.call(this, x.toString());
  else (x as Hashable).hash(this);
  this.value = (words[0]! >>> 0) * 2 ** 21 + (words[1]! >>> 11);
  return this;
}

/** Each word goes through a permutation that depends on what is mixed in, and the second on the first, too. */
function mix(words: Int32Array, x: number): void {
  let first = Math.imul(words[0]! ^ x, 0x2c1b3c6d);
  first ^= first >>> 15;
  let second = Math.imul(words[1]! ^ x, 0x297a2d39) + first;
  second ^= second >>> 13;
  words[0] = first;
  words[1] = second;
}
