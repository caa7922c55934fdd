import { afterAll, beforeAll, expect, test } from "vitest";
import { noteUnits, unitOf } from "../src/units.ts";

const { compile, Instance, Module } = WebAssembly;
const modules: WebAssembly.Module[] = [];

beforeAll(() => {
  noteUnits();
  WebAssembly.Instance = new Proxy(Instance, {
    construct(Instance, [module, imports]: [WebAssembly.Module, WebAssembly.Imports]) {
      modules.push(module);
      return new Instance(module, imports);
    },
  });
});

afterAll(() => Object.assign(WebAssembly, { compile, Instance, Module }));

type Numpy = typeof import("@jax-js/jax").numpy;

/** The unit of the kernel that an array is made by. */
async function unitFor(make: (np: Numpy) => import("@jax-js/jax").numpy.Array, isAwaited: boolean) {
  const { numpy: np } = await import("@jax-js/jax");
  modules.length = 0;
  const array = make(np);
  if (isAwaited) await array.data();
  else array.dataSync();
  expect(modules.length).toBe(1);
  return unitOf(modules[0]!);
}

/** Of data, since the engine computes with constants when it compiles. */
const zeros = (np: Numpy, ...shape: number[]) => np.array(new Float32Array(shape.reduce((a, b) => a * b)), { shape });

// Shapes of each way's own, since the engine compiles a kernel once.
test.each([
  { isAwaited: true, rows: 64 },
  { isAwaited: false, rows: 32 },
])("are those of the engine's fast loops, compiled in either way: $isAwaited", async ({ isAwaited, rows }) => {
  expect(await unitFor((np) => zeros(np, rows, 12).mul(3), isAwaited)).toBe(4);
  expect(await unitFor((np) => np.exp(zeros(np, rows, 12)), isAwaited)).toBe(undefined);
  expect(await unitFor((np) => np.dot(zeros(np, rows, 16), zeros(np, 16, 96)), isAwaited)).toBe(4 * 96);
});

test("of what is no kernel there is none", () => {
  expect(unitOf(new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)))).toBe(undefined);
});
