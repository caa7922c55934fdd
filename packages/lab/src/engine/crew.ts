/**
 * Threads for the engine's wasm device, in Node as in a browser.
 *
 * The engine splits every kernel over a pool of Web Workers, speaks to them by messages, and awaits all their answers
 * before the next kernel: turns of the event loop that take longer than most kernels. So this gives it workers that are
 * none. What it sends to them is gathered, and done by the calling thread together with helpers, which take pieces of it
 * from a board in shared memory (job-board.js). A brief kernel the calling thread does alone.
 *
 * Each number is computed by one thread in the engine's order of operations, so results do not depend on the count.
 */

import { doJob, jobBoard, MOST_PIECES } from "./job-board.js";
import type { Kernel } from "./placement.js";

/** A thread that takes pieces from a board. */
export interface Helper {
  /** Resolves when the thread is on its way: nobody waits for it later. */
  start(board: Int32Array, memory: WebAssembly.Memory): Promise<void>;
  /** A kernel, by its number on the board, counted from 0. */
  learn(id: number, module: WebAssembly.Module): void;
}

/** Does what is no kernel, such as sorting, by the engine's own code for a worker, and answers as that does. */
export type Routines = (message: Message) => Promise<unknown>;

export interface Surroundings {
  helper(): Helper;
  /** @param url of the engine's code for a worker */
  routines(url: string): Routines;
}

/** What the engine sends to a worker: its memory once, then kernels and routines. */
type Message = Beginning | { readonly type: "routine" } | Share;

interface Beginning {
  readonly type: "init";
  readonly memory: WebAssembly.Memory;
}

/** A kernel for the outputs from `begin` to `end`, of which each worker gets some. */
export interface Share {
  readonly type: "kernel";
  readonly kernelHash: string;
  readonly module: WebAssembly.Module;
  readonly ptrs: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** What the engine needs of a worker. */
interface EngineWorker {
  postMessage(message: Message): void;
  onmessage: (event: { data: unknown }) => void;
  onerror: (error: Error) => void;
}

const DONE = { type: "done", ok: true };

/**
 * Gives the engine its workers. To be called before the engine is imported for the first time, which looks for them then,
 * and after `keepInstances`, which places the calling thread's kernels well. Reads must be asynchronous afterwards
 * (`await array.data()`, never `dataSync`).
 */
export function installCrew(surroundings: Surroundings): void {
  const newWorker = crew(surroundings);
  Object.defineProperty(globalThis, "Worker", {
    // No arrow, since the engine calls it with `new`.
    value: function Worker(url: string) {
      return newWorker(url);
    },
    configurable: true,
  });
}

/** The first worker stands for the calling thread, which does what is no kernel; each of the others for a helper. */
function crew({ helper, routines }: Surroundings): (url: string) => EngineWorker {
  const board = jobBoard();
  const helpers: Helper[] = [];
  let count = 0;
  let compute: ((shares: readonly Share[]) => void) | undefined;
  let [asked, shares]: [EngineWorker[], Share[]] = [[], []];

  // The engine sends all shares of a kernel together, and does not go on before all are answered.
  function gather(worker: EngineWorker, share: Share): void {
    asked.push(worker);
    if (shares.push(share) === 1) queueMicrotask(answerAll);
  }

  function answerAll(): void {
    const [workers, kernel] = [asked, shares];
    [asked, shares] = [[], []];
    const answer = answerOf(() => compute!(kernel));
    for (const worker of workers) worker.onmessage({ data: answer });
  }

  function newHelper(): Routines {
    const own = helper();
    helpers.push(own);
    return async (message) => own.start(board, (message as Beginning).memory);
  }

  return (url) => {
    const respond = count++ === 0 ? routines(url) : newHelper();
    const worker: EngineWorker = {
      postMessage(message) {
        if (message.type === "kernel") return gather(worker, message);
        if (message.type === "init") compute ??= computing(board, message.memory, helpers);
        respond(message).then(
          (data) => worker.onmessage({ data }),
          (error) => worker.onerror(error),
        );
      },
      onmessage: () => {},
      onerror: () => {},
    };
    return worker;
  };
}

function answerOf(work: () => void): object {
  try {
    work();
    return DONE;
  } catch (error) {
    return { type: "done", ok: false, error: String(error) };
  }
}

// Kernels ------------------------------------------------------------------------------------------------------------

/** A kernel that takes longer is done by all threads together. */
const LONG_MS = 0.05;

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

interface Known {
  readonly kernel: Kernel;
  /** Between its pieces. */
  readonly bounds: readonly number[];
  /** How it is called on the board, once the helpers know it. */
  id: number | undefined;
  isLong: boolean;
  /** Unless it is long. */
  isAlone: boolean;
  /** After the first. */
  calls: number;
  readonly alone: number[];
  readonly together: number[];
}

/** Does a kernel, of which it is given the engine's shares. */
function computing(
  board: Int32Array,
  memory: WebAssembly.Memory,
  helpers: readonly Helper[],
): (shares: readonly Share[]) => void {
  const known = new Map<string, Known>();
  let taught = 0;

  function meet(shares: readonly Share[]): void {
    const { kernelHash, module } = shares[0]!;
    const kernel = new WebAssembly.Instance(module, { env: { memory } }).exports.kernel as Kernel;
    const ways = { isLong: false, isAlone: true, calls: 0, alone: [], together: [] };
    const met = { kernel, bounds: piecesOf(shares), id: undefined, ...ways };
    known.set(kernelHash, met);
    const started = performance.now();
    alone(met, shares[0]!);
    met.isLong = performance.now() - started > LONG_MS;
  }

  const alone = ({ kernel, bounds }: Known, { ptrs }: Share) => kernel(...ptrs, 0, bounds.at(-1)!);

  function together(known: Known, { module, ptrs }: Share): void {
    if (known.id === undefined) {
      known.id = taught++;
      for (const helper of helpers) helper.learn(known.id, module);
    }
    doJob(board, { kernel: known.id, pointers: ptrs, bounds: known.bounds }, known.kernel, PATIENCE_MS);
  }

  function attempt(known: Known, share: Share, trial: number): void {
    const [way, times] = trial % 2 === 0 ? [alone, known.alone] : [together, known.together];
    const started = performance.now();
    way(known, share);
    times[trial >> 1] = performance.now() - started;
    if (trial === 2 * TRIALS - 1) known.isAlone = WORTH * median(known.alone) < median(known.together);
  }

  return (shares) => {
    const share = shares[0]!;
    const kernel = known.get(share.kernelHash);
    if (kernel === undefined) meet(shares);
    else if (shares.length === 1) alone(kernel, share);
    else if (kernel.isLong) together(kernel, share);
    else {
      const trial = kernel.calls++ % TRIED_FOR;
      if (trial < 2 * TRIALS) attempt(kernel, share, trial);
      else if (kernel.isAlone) alone(kernel, share);
      else together(kernel, share);
    }
  };
}

function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[times.length >> 1]!;
}

/**
 * Bounds of the pieces of a kernel, as equal as can be. The engine cuts between large blocks of rows, and so divides 100 rows
 * into 64 and 36. Its loops serve any whole number of the units that its first share and the whole are both made of.
 */
export function piecesOf(shares: readonly Pick<Share, "begin" | "end">[]): readonly number[] {
  const [first, size] = [shares[0]!.end, shares.at(-1)!.end];
  const unit = greatestCommonDivisor(first, size);
  // Four numbers are computed at once, unless a piece begins or ends within four.
  if (unit % 4 !== 0) return [0, ...shares.map(({ end }) => end)];
  const units = size / unit;
  const pieces = Math.min(units, MOST_PIECES, shares.length * PIECES_A_THREAD);
  return Array.from({ length: pieces + 1 }, (_, i) => unit * Math.round((i * units) / pieces));
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
