import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type Code,
  f32x4,
  i32,
  ifElse,
  kernelModule,
  Locals,
  local,
  repeatWhile,
  select,
  unsigned,
  v128,
} from "../src/assembler.ts";
import { number } from "../src/units.ts";

/** Of a section of imports: a memory of a page, `env.memory`. */
const MEMORY = [1, 3, ...Buffer.from("env"), 6, ...Buffer.from("memory"), 2, 0, 1];

/** What a kernel of some arguments has left in the first four numbers of a memory that counts from 1. */
function run(body: (locals: Locals) => Code, ...args: number[]): Float32Array {
  const locals = new Locals(args.length);
  const code = body(locals);
  const memory = new WebAssembly.Memory({ initial: 1 });
  const numbers = new Float32Array(memory.buffer);
  numbers.set(Array.from({ length: 64 }, (_, i) => i + 1));
  const module = new WebAssembly.Module(kernelModule(MEMORY, locals, code));
  const { kernel } = new WebAssembly.Instance(module, { env: { memory } }).exports as {
    kernel: (...a: number[]) => void;
  };
  kernel(...args);
  return numbers.slice(0, 4);
}

const FIRST = i32.const(0);

test("whole numbers are written as they are read", () => {
  fc.assert(
    fc.property(fc.nat(2 ** 32 - 1), (value) => {
      const code = unsigned(value);
      expect(number(Uint8Array.from(code), 0)).toEqual({ value, next: code.length });
    }),
  );
  fc.assert(
    fc.property(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), (value) => {
      // Stored where the difference to the argument is, and that is at the beginning.
      const address = i32.sub(i32.const(value), local.get(0));
      expect([...run(() => v128.store(address, v128.load(FIRST, 16)), value)]).toEqual([5, 6, 7, 8]);
    }),
    { numRuns: 30 },
  );
});

test("loops count, and choices choose", () => {
  const sum = (count: number) =>
    run((locals) => {
      const [left, vector] = [locals.new("i32"), locals.new("v128")];
      return [
        ...local.set(left, select(local.get(0), i32.const(9), i32.lt_u(local.get(0), i32.const(9)))),
        ...repeatWhile(
          local.get(left),
          local.set(vector, f32x4.add(local.get(vector), v128.load(FIRST))),
          local.set(left, i32.sub(local.get(left), i32.const(1))),
        ),
        ...ifElse(i32.eqz(local.get(0)), [], v128.store(FIRST, local.get(vector))),
      ];
    }, count);
  expect([...sum(3)]).toEqual([3, 6, 9, 12]);
  expect([...sum(1000)]).toEqual([9, 18, 27, 36]);
});

test("lanes are where they should be", () => {
  const stored = (value: Code) => [...run(() => v128.store(FIRST, value))];
  const [a, b] = [v128.load(FIRST), v128.load(FIRST, 16)];
  expect(stored(f32x4.shuffle(a, b, [7, 0, 5, 2]))).toEqual([8, 1, 6, 3]);
  expect(stored(v128.bitselect(a, b, v128.mask(true, false, false, true)))).toEqual([1, 6, 7, 4]);
  expect(stored(v128.andnot(a, v128.mask(true, false, false, true)))).toEqual([0, 2, 3, 0]);
  expect(stored(v128.load32_splat(FIRST, 8))).toEqual([3, 3, 3, 3]);
  expect(stored(v128.load32_lane(2, FIRST, v128.load32_zero(FIRST, 40), 44))).toEqual([11, 0, 12, 0]);
  expect(stored(f32x4.splat([0, 0, 0x20, 0xc0]))).toEqual([-2.5, -2.5, -2.5, -2.5]);
});
