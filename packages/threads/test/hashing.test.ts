/** `installFastHashing`: what is computed stays the same, and programs that differ keep different hashes. */

import { blockUntilReady, init, jit, makeJaxpr, numpy as np, random } from "@jax-js/jax";
import { installFastHashing } from "@softdraw/threads";
import { beforeAll, describe, expect, test, vi } from "vitest";

beforeAll(() => init("wasm"));

type Array = np.Array;

/** A program's hash, as the engine computes it at the moment. */
function hashOf(f: (x: Array) => Array, shape: number[]): unknown {
  const { jaxpr } = makeJaxpr(f)(np.zeros(shape));
  return jaxpr.jaxpr.getHash();
}

/** Programs of all kinds of parts: constants, shapes, operations, their order, and types. */
function* programs(): Generator<[program: (x: Array) => Array, shape: number[]]> {
  for (let i = -500; i < 500; i++) yield [(x) => x.mul(i), [2]];
  for (let i = 1; i < 500; i++) yield [(x) => x.mul(i / 1024), [2]];
  // A product with 1 is taken off, so that of two numbers is there already.
  for (let i = 3; i < 100; i++) yield [(x) => x, [i]];
  for (let i = 1; i < 30; i++) for (let j = 1; j < 30; j++) yield [(x) => x, [i, j]];
  for (let i = 0; i < 2 ** 9; i++) yield [chain(i), [3]];
  yield [(x) => x.mul(-0), [2]];
  yield [(x) => x.mul(Number.NaN), [2]];
  yield [(x) => x.mul(Number.POSITIVE_INFINITY), [2]];
  yield [(x) => x.astype(np.int32), [2]];
  yield [(x) => x.astype(np.uint32), [2]];
}

/** Sines and cosines in the order of the bits of a number. */
function chain(bits: number): (x: Array) => Array {
  return (x) => {
    let y = x;
    for (let i = 0; i < 9; i++) y = (bits >> i) & 1 ? np.sin(y) : np.cos(y);
    return y;
  };
}

const draws = () => jit((key: Array) => np.exp(random.normal(key, [64, 64])).sum(-1))(random.key(7));
const bytes = async (x: Array) => Buffer.from((await x.data()).buffer).toString("hex");

describe("installFastHashing", () => {
  test("leaves what is computed as it is, and hashes by numbers from then on", async () => {
    const before = await bytes(draws());
    expect(typeof hashOf((x) => x, [5])).toBe("bigint");
    installFastHashing({ makeJaxpr }, { onFallback: (reason) => expect.fail(reason) });
    expect(typeof hashOf((x) => x, [5])).toBe("number");
    expect(await bytes(draws())).toBe(before);
    const kept = jit((x: Array) => x.mul(3).add(1).sum());
    expect(await kept(np.arange(5).astype(np.float32)).jsAsync()).toBe(35);
    installFastHashing({ makeJaxpr });
    expect(await blockUntilReady(kept(np.ones([5]))).then((x) => x.jsAsync())).toBe(20);
  });

  test("gives equal programs one hash, and others another", () => {
    installFastHashing({ makeJaxpr });
    const hashes = [...programs()].map(([program, shape]) => hashOf(program, shape));
    expect([...programs()].map(([program, shape]) => hashOf(program, shape))).toEqual(hashes);
    expect(hashes.every((hash) => Number.isSafeInteger(hash))).toBe(true);
    expect(new Set(hashes).size).toBe(hashes.length);
  });

  test("leaves an engine that it does not know to itself, and says so once", () => {
    for (const makeJaxpr of [() => () => ({}), () => () => ({ jaxpr: { jaxpr: {} } }), throwing, unhashed]) {
      const onFallback = vi.fn();
      installFastHashing({ makeJaxpr } as never, { onFallback });
      expect(onFallback.mock.calls).toEqual([["the engine hashes programs in another way"]]);
    }
  });

  test("refuses what is no engine, and options that are none", () => {
    expect(() => installFastHashing({} as never)).toThrow("expected the module of the engine");
    expect(() => installFastHashing(undefined as never)).toThrow(TypeError);
    expect(() => installFastHashing({ makeJaxpr }, { fallback: 1 } as never)).toThrow('unknown option "fallback"');
  });
});

function throwing(): never {
  throw new Error("no program");
}

/** A program whose hash does not look at its axes. */
function unhashed() {
  return () => ({ jaxpr: { jaxpr: { inBinders: [{ aval: { shape: [] } }], getHash: () => 1 } } });
}
