import { afterAll, beforeAll, expect, test } from "vitest";
import { keepInstances } from "../src/index.ts";
import { countingModule, sharedMemory } from "./counting-kernel.ts";
import { addingKernel } from "./made-up-engine.ts";

const { compile, Instance, Memory, Module } = WebAssembly;
beforeAll(() => keepInstances());
afterAll(() => Object.assign(WebAssembly, { compile, Instance, Memory, Module }));

const instance = (module: WebAssembly.Module, memory: WebAssembly.Memory) =>
  new WebAssembly.Instance(module, { env: { memory } });

test("a kernel has one instance for a memory, and it computes", () => {
  const [module, memory, other] = [countingModule(), sharedMemory(), sharedMemory()];
  const { kernel } = instance(module, memory).exports as { kernel: (...args: number[]) => void };
  expect(instance(module, memory).exports.kernel).toBe(kernel);
  for (let i = 0; i < 20; i++) kernel(0, 0, 5);
  expect([...new Int32Array(memory.buffer, 0, 7)]).toEqual([20, 20, 20, 20, 20, 0, 0]);

  const { kernel: elsewhere } = instance(module, other).exports as { kernel: (...args: number[]) => void };
  elsewhere(0, 0, 1);
  expect(new Int32Array(other.buffer)[0]).toBe(1);
  expect(new Int32Array(memory.buffer)[0]).toBe(20);
});

test("a kernel that is compiled several times at once is one module", async () => {
  const bytes = addingKernel();
  const [first, second, other] = await Promise.all(
    [bytes, bytes.slice(), addingKernel({ unit: 4 })].map((code) => WebAssembly.compile(code)),
  );
  expect(second).toBe(first);
  expect(other).not.toBe(first);
  expect(await WebAssembly.compile(bytes)).not.toBe(first);
  const wrong = () => WebAssembly.compile(bytes.subarray(0, 20));
  expect((await Promise.allSettled([wrong(), wrong()])).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
});

test("what is no kernel gets an instance of its own every time", () => {
  const empty = new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0));
  const first = new WebAssembly.Instance(empty);
  expect(first).toBeInstanceOf(WebAssembly.Instance);
  expect(new WebAssembly.Instance(empty)).not.toBe(first);
});
