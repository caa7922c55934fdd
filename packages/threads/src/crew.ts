/**
 * Threads for the engine's WebAssembly device, in Node as in a page.
 *
 * The engine would split every kernel over a pool of Web Workers, send them messages, and await all their answers
 * before the next kernel. Those turns of the event loop take longer than most kernels, and the promises take as long as
 * many kernels do. So the engine is kept from making a pool, and then computes each kernel by a call, in memory that
 * threads can share. That call is done by the calling thread and its helpers, which together are the crew. A job, which
 * is one call of a kernel, is posted on a board in that memory (job-board.js), in pieces, and whoever is free takes the
 * next piece. The calling thread computes a brief kernel alone.
 *
 * Each number is computed by one thread in the engine's order of operations, so results do not depend on the count.
 *
 * Upstream: the engine's pool is asked by messages and awaits every kernel, and Node has no such workers at all.
 */

import { autotuned } from "./autotune.ts";
import { differenceOf } from "./check.ts";
import { type EngineImport, isShared, refusePool, watchImport } from "./engine-import.ts";
import type { Watch } from "./fallback.ts";
import { type Improvement, type KernelUse, replaceInstances } from "./instances.ts";
import { doJob, helpersAt, jobBoard, MOST_PIECES } from "./job-board.js";
import { kernelFacts } from "./modules.ts";
import type { Kernel } from "./placement.js";

/** A thread that takes pieces from a board. */
export interface Helper {
  /**
   * Starts it; it joins the board when it runs.
   *
   * @param onFailure is to be told if it cannot be started, or fails later
   */
  start(board: Int32Array, memory: WebAssembly.Memory, onFailure: (error: Error) => void): void;
  /** Gives it a kernel, with the number that the kernel has on the board; they are counted from 0. */
  sendKernel(id: number, module: WebAssembly.Module): void;
}

/**
 * Gives the engine helpers. To be called before the engine is imported for the first time, where there is a global
 * `Worker`: the engine shares its memory only if there is.
 *
 * @param onUnshared is called if the engine has made memory that is not shared
 */
export function installCrew(helpers: readonly Helper[], watch: Watch, onUnshared: () => void = () => {}): void {
  const engine = watchImport((memory) => {
    if (isShared(memory)) return refusePool(watch);
    onUnshared();
    if (helpers.length > 0) watch.stepBack("the engine's memory is not shared");
  });
  // Without helpers there need not be memory that can be shared.
  const improve = helpers.length > 0 ? parallelizer(newCrew(helpers, watch), helpers) : undefined;
  replaceInstances(watch, engine, (kernel, use) =>
    improve && isOfEngine(use, engine, watch) ? improve(kernel, use) : kernel,
  );
}

/** Whether a kernel belongs to the engine that was seen when it was imported, and not to another copy of it. */
function isOfEngine({ memory }: KernelUse, engine: EngineImport, watch: Watch): boolean {
  if (engine.memory === undefined) {
    watch.stepBack("the engine was imported before the threads were installed, or makes its memory in another way");
  }
  return memory === engine.memory && watch.reason === undefined;
}

/** A piece takes milliseconds. After this long, the thread that works on it is gone. */
const PATIENCE_MS = 300_000;

/** The calling thread with its helpers. */
interface Crew {
  readonly board: Int32Array;
  readonly watch: Watch;
  /** Whether all helpers are there. Before that, no piece is given to any. */
  haveJoined(): boolean;
  /** Sends a kernel to the helpers, and returns its number on the board. */
  sendKernel(module: WebAssembly.Module): number;
  /**
   * Whether a kernel has been checked with a piece from its middle, which takes at least three pieces. That shows that
   * the last two arguments of the engine's kernels are the begin and the end of a range.
   */
  isRangeKnown: boolean;
}

function newCrew(helpers: readonly Helper[], watch: Watch): Crew {
  const board = jobBoard();
  let kernels = 0;
  return {
    board,
    watch,
    haveJoined: () => helpersAt(board) === helpers.length,
    sendKernel(module) {
      for (const helper of helpers) helper.sendKernel(kernels, module);
      return kernels++;
    },
    isRangeKnown: false,
  };
}

/** What makes a kernel one that a crew computes in parallel. The helpers start when the first kernel comes. */
function parallelizer(crew: Crew, helpers: readonly Helper[]): Improvement {
  let isStarted = false;
  const onFailure = (error: Error) => {
    if (crew.haveJoined()) throw error;
    crew.watch.stepBack(`a thread could not be started (${error.message})`);
  };
  return (kernel, use) => {
    if (!isStarted) for (const helper of helpers) helper.start(crew.board, use.memory, onFailure);
    isStarted = true;
    const cut = cutOf(use.module, use.args.at(-1)!, 1 + helpers.length);
    if (cut === undefined) crew.watch.stepBack("the code of a kernel of the engine does not say how it can be cut");
    return cut === undefined || cut.bounds.length === 2 ? kernel : parallelKernel(kernel, use, cut, crew);
  };
}

/**
 * The kernel, computed by the calling thread alone or by the whole crew in parallel, whichever is faster. The crew
 * computes it only after its outputs have been found to be the same.
 */
function parallelKernel(kernel: Kernel, { module, memory }: KernelUse, { bounds, bytes }: Cut, crew: Crew): Kernel {
  let id: number | undefined;
  const together: Kernel = (...args) => {
    id ??= crew.sendKernel(module);
    doJob(crew.board, { kernel: id, pointers: args.slice(0, -2), bounds }, kernel, PATIENCE_MS);
  };
  const tuned = autotuned(kernel, together);
  const outputs = bounds.at(-1)!;
  let isChecked = false;

  function check(args: readonly number[]): void {
    isChecked = crew.isRangeKnown = true;
    const difference = differenceOf({ alone: kernel, together }, { memory, args, bounds, bytes });
    if (difference !== undefined) crew.watch.stepBack(difference);
  }

  return (...args) => {
    if (args.at(-1) !== outputs || !crew.haveJoined() || crew.watch.reason !== undefined) kernel(...args);
    else if (isChecked) tuned(...args);
    else if (crew.isRangeKnown || bounds.length > 3) check(args);
    else kernel(...args);
  };
}

// Pieces -------------------------------------------------------------------------------------------------------------

interface Cut {
  readonly bounds: readonly number[];
  /** Of an output. */
  readonly bytes: number;
}

/**
 * Undefined if the kernel's code does not say how it can be cut: it computes several numbers at once and names no unit,
 * or does not show how many bytes an output has.
 */
function cutOf(module: WebAssembly.Module, outputs: number, threads: number): Cut | undefined {
  const { unit, code, isOpen } = kernelFacts(module)!;
  if (code === undefined || (code.hasVectors && unit === undefined)) return undefined;
  const bytes = code.storedBytes;
  return bytes === 4 || bytes === 8 ? { bounds: piecesOf(outputs, unit, threads, isOpen), bytes } : undefined;
}

/** So that whoever is done early, or begins late, can take from the others. */
const PIECES_A_THREAD = 2;

/** Where any number can be computed by itself, those of a piece fill whole lines of the cache. */
const ANY_UNIT = 16;

/**
 * Bounds of the pieces of a kernel of so many outputs, as equal as whole units allow. It is one piece if its outputs do
 * not come in whole units: its fast loop does not serve them, but might serve a part.
 *
 * @param isOpen whether the last piece can have a rest that is no whole unit
 */
export function piecesOf(
  outputs: number,
  unit: number | undefined,
  threads: number,
  isOpen: boolean = false,
): readonly number[] {
  if (unit !== undefined && outputs % unit !== 0 && !isOpen) return [0, outputs];
  const grain = unit ?? ANY_UNIT;
  const units = isOpen ? Math.floor(outputs / grain) : outputs / grain;
  const pieces = Math.max(1, Math.min(Math.floor(units), MOST_PIECES, threads * PIECES_A_THREAD));
  const inner = Array.from({ length: pieces - 1 }, (_, i) => grain * Math.round(((i + 1) * units) / pieces));
  return [0, ...inner, outputs];
}
