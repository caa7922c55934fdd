import { afterAll, beforeAll, expect, test } from "vitest";
import { kernelFacts, recordKernels } from "../src/modules.ts";
import { codeFacts, instructionsIn } from "../src/sections.ts";
import { addingKernel, type KernelOddity } from "./made-up-engine.ts";

const { compile, Instance, Module } = WebAssembly;
const modules: WebAssembly.Module[] = [];

beforeAll(() => {
  recordKernels();
  WebAssembly.Instance = new Proxy(Instance, {
    construct(Instance, [module, imports]: [WebAssembly.Module, WebAssembly.Imports]) {
      modules.push(module);
      return new Instance(module, imports);
    },
  });
});

afterAll(() => Object.assign(WebAssembly, { compile, Instance, Module }));

type Numpy = typeof import("@jax-js/jax").numpy;

/** What is known of the kernel that an array is made by. */
async function factsFor(make: (np: Numpy) => import("@jax-js/jax").numpy.Array, isAwaited: boolean) {
  const { numpy: np } = await import("@jax-js/jax");
  modules.length = 0;
  const array = make(np);
  if (isAwaited) await array.data();
  else array.dataSync();
  expect(modules.length).toBe(1);
  return kernelFacts(modules[0]!);
}

/** Of data, since the engine computes with constants when it compiles. */
const zeros = (np: Numpy, ...shape: number[]) => np.array(new Float32Array(shape.reduce((a, b) => a * b)), { shape });

const scalar = { hasVectors: false, storedBytes: 4 };
const vectors = { hasVectors: true, storedBytes: 4 };

// Shapes of each way's own, since the engine compiles a kernel once.
test.each([
  { isAwaited: true, rows: 64 },
  { isAwaited: false, rows: 32 },
])("are those of the engine's fast loops, compiled in either way: $isAwaited", async ({ isAwaited, rows }) => {
  const facts = (make: Parameters<typeof factsFor>[0]) => factsFor(make, isAwaited);
  expect(await facts((np) => zeros(np, rows, 12).mul(3))).toMatchObject({ unit: 4, code: vectors });
  expect(await facts((np) => np.exp(zeros(np, rows, 12)))).toMatchObject({ unit: undefined, code: scalar });
  expect(await facts((np) => np.dot(zeros(np, rows, 16), zeros(np, 16, 96)))).toMatchObject({
    unit: 4 * 96,
    code: vectors,
  });
  expect(await facts((np) => np.max(zeros(np, rows, 15), -1))).toMatchObject({ unit: undefined, code: scalar });
  expect(await facts((np) => zeros(np, rows, 20).sum(-1))).toMatchObject({ code: vectors });
});

test("of what is no kernel nothing is known", () => {
  expect(kernelFacts(new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)))).toBe(undefined);
  expect(kernelFacts(new WebAssembly.Module(addingKernel({ isExportedTwice: true })))).toBe(undefined);
  expect(kernelFacts(new WebAssembly.Module(addingKernel({ hasGlobal: true })))).toBe(undefined);
});

test("are not made up where the code names none", () => {
  const facts = (odd: KernelOddity) => kernelFacts(new WebAssembly.Module(addingKernel(odd)));
  expect(facts({})).toMatchObject({ unit: undefined, code: scalar });
  expect(facts({ hasVectors: true })).toMatchObject({ unit: undefined, code: vectors });
  expect(facts({ hasVectors: true, unit: 24 })).toMatchObject({ unit: 24, code: vectors });
});

test("of code with an instruction that is not known nothing is known", () => {
  // No locals, and an atomic fence.
  const instructions = instructionsIn(Uint8Array.of(0, 0xfe, 0x03, 0x00, 0x0b));
  expect(codeFacts([{ instructions }])).toBe(undefined);
});
