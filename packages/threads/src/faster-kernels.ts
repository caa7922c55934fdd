/** Kernels of ours in the place of the engine's, where they take less time and give the same bytes. */

import { EACH_UNIT, eachKernel, readsElsewhere } from "./each-kernel.ts";
import { computationOf, type Each, type Reduction } from "./expressions.ts";
import type { KernelUse } from "./instances.ts";
import { type KernelSource, kernelFacts, recordOwn } from "./modules.ts";
import type { Kernel } from "./placement.js";
import { productOf } from "./product.ts";
import { type Order, productKernel } from "./product-kernel.ts";
import { type FunctionCode, hasFusedProducts, hasVectorStores } from "./sections.ts";

/** A kernel to be called, and its module, which other threads instantiate. */
export interface Chosen {
  readonly kernel: Kernel;
  readonly module: WebAssembly.Module;
}

/**
 * The kernel that takes the place of the engine's; undefined where there is none. To be called when the engine's has been called:
 * some outputs are computed once more, and what takes its place gives the same.
 *
 * @param instantiate gives an instance of a module in the kernel's memory
 */
export function fasterKernel(
  { module, memory, args }: KernelUse,
  instantiate: (module: WebAssembly.Module) => WebAssembly.Instance,
): Chosen | undefined {
  const { source, unit, code } = kernelFacts(module)!;
  if (source === undefined || code?.storedBytes !== 4) return undefined;
  const outputs = args.at(-1)!;
  const isFast = unit !== undefined && outputs % unit === 0;
  const computation = computationOf(source.kernel, source.functions);
  if (computation === undefined) return undefined;
  const made =
    ("steps" in computation ? productFor(computation, source, outputs, isFast) : undefined) ??
    eachFor(computation, source, outputs, isFast);
  if (made === undefined) return undefined;
  const faster = new WebAssembly.Module(made.bytes);
  recordOwn(faster, made.unit);
  const { kernel } = instantiate(faster).exports as { kernel: Kernel };
  return givesTheSame(kernel, memory, args, made.unit) ? { kernel, module: faster } : undefined;
}

interface Made {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Outputs that are computed together: only between their multiples a range can begin or end, or at the end of all. */
  readonly unit: number;
}

/** @param isFast whether the engine computes it by a fast loop */
function productFor(sum: Reduction, source: KernelSource, outputs: number, isFast: boolean): Made | undefined {
  const product = productOf(sum, outputs);
  return product && productKernel(product, orderOf(source.kernel, isFast), ofEngine(source));
}

/** So many numbers that it is worth to compile a kernel of ours. */
const LEAST_NUMBERS = 2 ** 12;

/** @param isFast whether the engine computes it by a fast loop; that reads numbers of rows and columns one by one */
function eachFor(each: Each | Reduction, source: KernelSource, outputs: number, isFast: boolean): Made | undefined {
  if (outputs % 4 !== 0 || outputs * ("steps" in each ? each.steps : 1) < LEAST_NUMBERS) return undefined;
  if (isFast && ("steps" in each || !readsElsewhere(each))) return undefined;
  const bytes = eachKernel(each, outputs, ofEngine(source));
  return bytes === undefined ? undefined : { bytes, unit: EACH_UNIT };
}

/** What a kernel of ours has of the engine's. */
function ofEngine({ imports, kernel: { parameters } }: KernelSource) {
  return { parameters, imports: [...imports] };
}

/**
 * How the engine's kernel adds up: as its fast loop does, if the outputs come in the units of that. A fast loop over four steps writes
 * number by number, one over four columns writes vectors.
 */
function orderOf(kernel: FunctionCode, isFast: boolean): Order {
  return { byFours: isFast && !hasVectorStores(kernel), isFused: isFast && hasFusedProducts(kernel) };
}

/** Outputs at the beginning and at the end that are compared, about. */
const COMPARED = 1024;

/** Computes some of the outputs, which the engine's kernel has written, once more. In the end they are the engine's. */
function givesTheSame(kernel: Kernel, memory: WebAssembly.Memory, args: readonly number[], unit: number): boolean {
  const [pointer, , outputs] = args.slice(-3) as [number, number, number];
  const count = unit * Math.ceil(COMPARED / unit);
  const lastBegin = unit * Math.floor(outputs / unit) - count;
  const ranges =
    lastBegin > count
      ? [
          [0, count],
          [lastBegin, outputs],
        ]
      : [[0, outputs]];
  return (ranges as [number, number][]).every(([begin, end]) => {
    const bits = new Int32Array(memory.buffer, pointer + 4 * begin, end - begin);
    const expected = bits.slice();
    bits.fill(NAN);
    kernel(...args.slice(0, -2), begin, end);
    const isSame = expected.every((one, i) => one === bits[i] || (isNan(one) && isNan(bits[i]!)));
    bits.set(expected);
    return isSame;
  });
}

/** The bits of a number that is none. */
const NAN = 0x7fc00000;

/** All kinds are alike: the processor decides which of them an operation gives. */
function isNan(bits: number): boolean {
  return (bits & 0x7fffffff) > 0x7f800000;
}
