/**
 * Checks that several threads compute the same outputs of a kernel as one thread does. Each kernel is computed in both
 * ways once, and only if the outputs agree is it given to several threads from then on.
 */

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

  /**
   * Restores the memory, calls `act`, and tells whether the outputs of a range are as expected then, and all others as
   * they were before.
   */
  function gives([from, to]: readonly [number, number], act: () => void): boolean {
    // So that an output that `act` does not write is noticed.
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
 * The second of at least three pieces. Computing it alone shows whether the range is a begin and an end. If it is a
 * begin and a count, the outputs differ, and still nothing beyond the last output is written.
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
 * The outputs around every bound. They are read as floating-point numbers, of which all NaNs are alike, because the
 * processor decides which kind of NaN an operation gives.
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
