import { MessageChannel, Worker } from "node:worker_threads";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { doJob, jobBoard, MOST_PIECES } from "../src/job-board.js";
import type { Kernel } from "../src/placement.js";
import { countingModule, NOWHERE, sharedMemory } from "./counting-kernel.ts";

const NUMBERS = 4096;
const PLACE = 64;
const PATIENCE = 30_000;

let board: Int32Array;
let memory: WebAssembly.Memory;
let kernel: Kernel;
let threads: Worker[];

beforeEach(() => {
  board = jobBoard();
  memory = sharedMemory();
  kernel = new WebAssembly.Instance(countingModule(), { env: { memory } }).exports.kernel as Kernel;
  threads = [];
});

afterEach(() => Promise.all(threads.map((thread) => thread.terminate())));

/** Threads as the engine's are, which know the kernel. */
function startHelpers(count: number): void {
  for (let i = 0; i < count; i++) {
    const { port1, port2 } = new MessageChannel();
    threads.push(
      new Worker(new URL("../src/engine-thread.js", import.meta.url), {
        workerData: { board, memory, port: port2 },
        transferList: [port2],
        execArgv: [],
      }),
    );
    port1.postMessage(countingModule());
    port1.unref();
  }
}

/** A thread of job-board-helper.js, and a kernel that does not begin before that thread has taken a piece. */
function startOdd(role: "stuck" | "late"): { thread: Worker; patient: Kernel } {
  const thread = new Worker(new URL("./job-board-helper.js", import.meta.url), {
    workerData: { role, board, memory },
    execArgv: [],
  });
  threads.push(thread);
  const patient: Kernel = (...args) => {
    Atomics.wait(new Int32Array(memory.buffer), 0, 0, PATIENCE);
    kernel(...args);
  };
  return { thread, patient };
}

const job = (bounds: readonly number[], pointer = PLACE) => ({ kernel: 0, pointers: [pointer], bounds });
const counts = () => new Int32Array(memory.buffer, PLACE, NUMBERS);
const sleep = (ms: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

/** A few pieces of different sizes, other ones for every number. */
function boundsOf(i: number): number[] {
  const pieces = 1 + ((7 * i) % 13);
  const inner = Array.from({ length: pieces - 1 }, (_, j) => ((i + 1) * (j + 1) * 271) % NUMBERS);
  return [0, ...inner.sort((a, b) => a - b), NUMBERS];
}

describe("a job", () => {
  test.each([0, 1, 3])("is done once, and whole when it is said to be, with %i helpers", (helpers) => {
    startHelpers(helpers);
    for (let i = 0; i < 1000; i++) {
      doJob(board, job(boundsOf(i)), kernel, PATIENCE);
      // All numbers alike: no piece left out, none done twice.
      expect([Math.min(...counts()), Math.max(...counts())]).toEqual([i + 1, i + 1]);
      // Now and then the helpers have fallen asleep, and sometimes just so.
      if (i % 100 === 0) sleep(20);
      else if (i % 20 === 0) sleep(1 / (1 + (i % 7)));
    }
  });

  test("fails if a piece does, wherever it was done, and the next one does not", async () => {
    startHelpers(2);
    await new Promise((resolve) => setTimeout(resolve, 200));
    for (let i = 0; i < 50; i++) {
      expect(() => doJob(board, job(boundsOf(i), NOWHERE), kernel, PATIENCE)).toThrow();
      doJob(board, job(boundsOf(i)), kernel, PATIENCE);
      expect([Math.min(...counts()), Math.max(...counts())]).toEqual([i + 1, i + 1]);
    }
  });

  test("is whole though a helper learns of its kernel when it has taken a piece", () => {
    const { thread, patient } = startOdd("late");
    thread.postMessage(countingModule());
    doJob(board, job([0, 1000, 2000, 3000, NUMBERS]), patient, PATIENCE);
    expect([Math.min(...counts()), Math.max(...counts())]).toEqual([1, 1]);
  });

  test("is given up if a helper does not end its piece, saying how long was waited", () => {
    const { patient } = startOdd("stuck");
    expect(() => doJob(board, job([0, 1000, NUMBERS]), patient, 20)).toThrow(
      "No answer from a thread of the engine in 0.02 s.",
    );
  });

  test("of too many pieces or arrays is refused", () => {
    const pieces = Array.from({ length: MOST_PIECES + 2 }, (_, i) => i);
    expect(() => doJob(board, job(pieces), kernel, PATIENCE)).toThrow("A job of 1025 pieces exceeds 1024.");
    const pointers = Array.from({ length: 1025 }, () => 0);
    expect(() => doJob(board, { kernel: 0, pointers, bounds: [0, 1] }, kernel, PATIENCE)).toThrow(
      "A kernel of 1025 arrays exceeds 1024.",
    );
  });
});
