/**
 * Threads for the engine's wasm device, in Node as in a browser.
 *
 * The engine would split every kernel over a pool of Web Workers, speak to them by messages, and await all their answers
 * before the next kernel: turns of the event loop that take longer than most kernels, and promises that take as long as
 * many. So it is kept from making a pool, and does each kernel by a call, in memory that threads can share. What it calls
 * then is done by the calling thread together with helpers, which take pieces of it from a board in that memory
 * (job-board.js). A brief kernel the calling thread does alone.
 *
 * Each number is computed by one thread in the engine's order of operations, so results do not depend on the count.
 */

import { keepInstances } from "./instances.ts";
import { doJob, helpersAt, jobBoard, MOST_PIECES } from "./job-board.js";
import type { Kernel } from "./placement.js";
import { noteUnits, unitOf } from "./units.ts";

/** A thread that takes pieces from a board. */
export interface Helper {
  /** Starts it; it joins the board when it runs. */
  start(board: Int32Array, memory: WebAssembly.Memory): void;
  /** A kernel, by its number on the board, counted from 0. */
  learn(id: number, module: WebAssembly.Module): void;
}

/** Gives the engine helpers, if any. To be called before the engine is imported for the first time. */
export function installCrew(helpers: readonly Helper[]): void {
  if (helpers.length === 0) {
    keepInstances();
    return;
  }
  const board = jobBoard();
  let isStarted = false;
  let taught = 0;
  const crew: Crew = {
    board,
    size: 1 + helpers.length,
    teach(module) {
      for (const helper of helpers) helper.learn(taught, module);
      return taught++;
    },
  };
  noteUnits();
  keepInstances((kernel, module, memory) => {
    if (!isStarted) for (const helper of helpers) helper.start(board, memory);
    isStarted = true;
    return jointly(kernel, module, crew);
  });
  shareMemory();
  refusePool();
}

/** The engine shares its memory if there are workers. It needs none then, so those of a browser are left as they are. */
function shareMemory(): void {
  if ("Worker" in globalThis) return;
  const value = function Worker() {
    throw new Error("The engine has asked for a worker, and has helpers instead.");
  };
  Object.defineProperty(globalThis, "Worker", { value, configurable: true });
}

/** The engine asks, once and when it is imported, how many cores there are; without an answer it makes no pool. */
function refusePool(): void {
  const isMade = !("navigator" in globalThis);
  if (isMade) Object.defineProperty(globalThis, "navigator", { value: {}, configurable: true });
  Object.defineProperty(navigator, "hardwareConcurrency", {
    get() {
      Reflect.deleteProperty(navigator, "hardwareConcurrency");
      if (isMade) Reflect.deleteProperty(globalThis, "navigator");
      throw new Error("The engine is to make no pool.");
    },
    configurable: true,
  });
}

// Kernels ------------------------------------------------------------------------------------------------------------

/** A kernel that takes longer is done by all threads together. */
const LONG_MS = 0.05;

/** One that takes less is not: to post it takes that long. */
const BRIEF_MS = 0.006;

/**
 * Any other is done alone by the calling thread so many times, and together as often, and after that in the way that is
 * faster. To ask other threads takes as long as many a kernel, and more while they sleep.
 */
const TRIALS = 5;

/** Together has to take no more than this share: what several threads write, each has to fetch again to read all of it. */
const WORTH = 0.9;

/** Calls until both ways are tried again: the machine may have been busy, the other threads awake or asleep. */
const TRIED_FOR = 2000;

/** So that whoever is done early, or begins late, can take from the others. */
const PIECES_A_THREAD = 2;

/** A piece takes milliseconds. After this long, the thread that works on it is gone. */
const PATIENCE_MS = 300_000;

interface Crew {
  readonly board: Int32Array;
  /** With the calling thread. */
  readonly size: number;
  /** Tells the helpers of a kernel, and returns what it is called on the board. */
  teach(module: WebAssembly.Module): number;
}

/** The kernel, done by one thread or by all: the engine calls it for all its outputs, which are as many every time. */
function jointly(kernel: Kernel, module: WebAssembly.Module, { board, size, teach }: Crew): Kernel {
  let bounds: readonly number[] | undefined;
  let id: number | undefined;
  const together: Kernel = (...args) => {
    id ??= teach(module);
    doJob(board, { kernel: id, pointers: args.slice(0, -2), bounds: bounds! }, kernel, PATIENCE_MS);
  };
  const inFasterWay = fasterOf(kernel, together);
  return (...args) => {
    bounds ??= piecesOf(args.at(-1)!, unitOf(module), size);
    if (bounds.length === 2 || helpersAt(board) < size - 1) kernel(...args);
    else inFasterWay(...args);
  };
}

/** Does a kernel in either way, whichever is found to be faster. */
function fasterOf(alone: Kernel, together: Kernel): Kernel {
  let [calls, isLong, isAlone] = [0, false, true];
  const times: { readonly alone: number[]; readonly together: number[] } = { alone: [], together: [] };

  function meet(args: readonly number[]): void {
    isLong = timeOf(alone, args) > LONG_MS;
  }

  function attempt(trial: number, args: readonly number[]): void {
    if (trial % 2 === 0) times.alone[trial >> 1] = timeOf(alone, args);
    else times.together[trial >> 1] = timeOf(together, args);
    if (trial === 2 * TRIALS - 1) {
      const limit = WORTH * median(times.alone);
      isAlone = limit < BRIEF_MS || limit < median(times.together);
    }
  }

  return (...args) => {
    if (isLong) return together(...args);
    const call = calls++;
    // The very first call compiles.
    if (call === 0) return alone(...args);
    if (call === 1) return meet(args);
    const trial = (call - 2) % TRIED_FOR;
    if (trial < 2 * TRIALS) attempt(trial, args);
    else if (isAlone) alone(...args);
    else together(...args);
  };
}

function timeOf(kernel: Kernel, args: readonly number[]): number {
  const started = performance.now();
  kernel(...args);
  return performance.now() - started;
}

function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[times.length >> 1]!;
}

/** Where any number can be computed by itself, those of a piece fill whole lines of the cache. */
const ANY_UNIT = 16;

/**
 * Bounds of the pieces of a kernel of so many outputs, as equal as whole units allow. It is one piece if its outputs do
 * not come in whole units: its fast loop does not serve them, but might serve a part.
 */
export function piecesOf(outputs: number, unit: number | undefined, threads: number): readonly number[] {
  if (unit !== undefined && outputs % unit !== 0) return [0, outputs];
  const grain = unit ?? ANY_UNIT;
  const units = outputs / grain;
  const pieces = Math.max(1, Math.min(Math.floor(units), MOST_PIECES, threads * PIECES_A_THREAD));
  const inner = Array.from({ length: pieces - 1 }, (_, i) => grain * Math.round(((i + 1) * units) / pieces));
  return [0, ...inner, outputs];
}
