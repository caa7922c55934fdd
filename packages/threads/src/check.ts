/** Whether threads compute of a kernel what one thread computes: each kernel is done both ways once, before that counts. */

import type { Kernel } from "./placement.js";

export interface Call {
  readonly memory: WebAssembly.Memory;
  /** Pointers, that of the output last, and the range of the outputs. */
  readonly args: readonly number[];
  /** Where the outputs are cut. */
  readonly bounds: readonly number[];
  /** Bytes of an output. */
  readonly bytes: number;
}

/**
 * Does one call in both ways. In the end the memory is as after the call by one thread.
 *
 * @returns what differed; undefined if nothing did
 */
export function differenceOf(
  { alone, together }: { readonly alone: Kernel; readonly together: Kernel },
  call: Call,
): string | undefined {
  const windows = windowsOf(call);
  const before = windows.map(valuesOf);
  alone(...call.args);
  const expected = windows.map(valuesOf);

  /** Whether an act, from what was before, gives the expected outputs from one place to another, and leaves all others. */
  function gives([from, to]: readonly [number, number], act: () => void): boolean {
    // What is not written again is to be noticed.
    windows.forEach(({ view }, i) => void view.set(before[i]!));
    act();
    return windows.every(({ first, view }, i) =>
      view.every((value, j) => {
        const isWritten = first + j >= from && first + j < to;
        return Object.is(value, (isWritten ? expected : before)[i]![j]);
      }),
    );
  }

  const [pointers, outputs] = [call.args.slice(0, -2), call.args.at(-1)!];
  try {
    const middle = middleOf(call.bounds);
    const isCut = middle === undefined || gives(middle, () => alone(...pointers, ...middle));
    if (isCut && gives([0, outputs], () => together(...call.args))) return undefined;
  } catch (error) {
    alone(...call.args);
    return `a kernel of the engine failed when it was done in pieces (${error})`;
  }
  alone(...call.args);
  return "a kernel of the engine gave other numbers when it was done in pieces";
}

/**
 * The second of at least three pieces, by which the meaning of the range is tried out: even if it were a begin and a count,
 * nothing beyond the output would be written.
 */
function middleOf(bounds: readonly number[]): readonly [number, number] | undefined {
  return bounds.length > 3 ? [bounds[1]!, bounds[2]!] : undefined;
}

/** Outputs that are looked at on either side of a cut. */
const REACH = 512;

interface Window {
  /** Which output is its first one; it may begin before the outputs, or end after them. */
  readonly first: number;
  readonly view: Float32Array | Float64Array;
}

/**
 * The outputs around every bound. As floating-point numbers, of which all NaNs are alike: which kind of NaN comes out is
 * left to the processor.
 */
function windowsOf({ memory, args, bounds, bytes }: Call): Window[] {
  const pointer = args.at(-3)!;
  const Numbers = bytes === 8 ? Float64Array : Float32Array;
  const [least, most] = [-pointer / bytes, (memory.buffer.byteLength - pointer) / bytes];
  return bounds.map((bound) => {
    const [first, end] = [Math.max(Math.ceil(least), bound - REACH), Math.min(Math.floor(most), bound + REACH)];
    return { first, view: new Numbers(memory.buffer, pointer + bytes * first, end - first) };
  });
}

function valuesOf({ view }: Window): Float32Array | Float64Array {
  return view.slice();
}
