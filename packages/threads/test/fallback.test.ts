/** Engines that are unlike the one that is known: the package steps back, says so once, and all that is computed is right. */

import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import type { Helper } from "../src/crew.ts";
import { countingModule } from "./counting-kernel.ts";
import { type EngineOddity, madeUpEngine, numbers } from "./made-up-engine.ts";

const { compile, Instance, Memory, Module } = WebAssembly;
let reasons: string[];
let threads: typeof import("../src/index.ts");

// Threads are installed once in a program, and here once in every test.
beforeEach(async () => {
  reasons = [];
  vi.resetModules();
  threads = await import("../src/index.ts");
});

afterEach(() => {
  Object.assign(WebAssembly, { compile, Instance, Memory, Module });
  Reflect.deleteProperty(globalThis, "Worker");
});

const onFallback = (reason: string) => reasons.push(reason);

/** Computes once. Not by a matcher, which takes longer than all the rest. */
async function compute(engine: ReturnType<typeof madeUpEngine>): Promise<void> {
  const results = await engine.compute();
  expect(results.findIndex((result, i) => result !== numbers[i]! + 1)).toBe(-1);
}

/** Computes again and again, until the other thread has had time to come and to be asked. */
async function computeFor(engine: ReturnType<typeof madeUpEngine>, milliseconds: number): Promise<void> {
  for (const end = performance.now() + milliseconds; performance.now() < end; ) {
    await compute(engine);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const TIME_TO_COME = 1500;

describe("an engine with two threads", () => {
  test.each<[string, EngineOddity]>([
    ["kernels that can be cut anywhere", {}],
    ["kernels that say where they can be cut", { kernel: { hasVectors: true, unit: 4 } }],
  ])("that is as expected, with %s, goes on so", async (_, odd) => {
    threads.installThreads(2, { onFallback });
    const engine = madeUpEngine(odd);
    await computeFor(engine, TIME_TO_COME);
    expect(engine.hasPool).toBe(false);
    expect(threads.threadStatus()).toEqual({ threads: 2, fallback: undefined });
    expect(reasons).toEqual([]);
  });

  test.each<[string, EngineOddity, string]>([
    [
      "has modules of another shape",
      { kernel: { isExportedTwice: true } },
      "a module of the engine imports env.memory and exports kernel, another, and may keep a state",
    ],
    [
      "names its kernels otherwise",
      { kernel: { isNamed: "main" } },
      "a module of the engine imports env.memory and exports main, and may keep a state",
    ],
    [
      "has kernels that keep a state",
      { kernel: { hasGlobal: true } },
      "a module of the engine imports env.memory and exports kernel, and may keep a state",
    ],
    [
      "has kernels that take the range first",
      { kernel: { takesRangeFirst: true } },
      "a kernel of the engine is called with (0,16384,64,65600), not with pointers and a range",
    ],
    [
      "has kernels that return something",
      { kernel: { returnsNumber: true } },
      "a kernel of the engine is called with (64,65600,0,16384), not with pointers and a range",
    ],
    [
      "has kernels that take a count in place of an end",
      { kernel: { takesCount: true } },
      "a kernel of the engine gave other numbers when it was done in pieces",
    ],
    [
      "has fast loops of a kind that is not known",
      { kernel: { hasVectors: true } },
      "the code of a kernel of the engine does not say how it can be cut",
    ],
    ["shares no memory", { sharesNoMemory: true }, "the engine's memory is not shared"],
    [
      "makes a pool after all",
      { asksOnce: true },
      "the engine was imported and did not ask whether there are workers, so it may have a pool of them",
    ],
  ])("that %s is left to its own way", async (_, odd, reason) => {
    threads.installThreads(2, { onFallback });
    const engine = madeUpEngine(odd);
    expect(engine.hasPool).toBe(odd.asksOnce ?? false);
    await expect
      .poll(async () => {
        await compute(engine);
        return reasons;
      })
      .toEqual([reason]);
    for (let i = 0; i < 20; i++) await compute(engine);
    expect(reasons).toEqual([reason]);
    expect(threads.threadStatus()).toEqual({ threads: 1, fallback: reason });
  });

  test("that cannot start the other one is left to its own way", async () => {
    const helper: Helper = {
      start: (_board, _memory, onFailure) => void setTimeout(() => onFailure(new Error("no such file"))),
      sendKernel() {},
    };
    vi.stubGlobal("Worker", class {});
    onTestFinished(() => void vi.unstubAllGlobals());
    const { installCrew } = await import("../src/crew.ts");
    const { newWatch } = await import("../src/fallback.ts");
    installCrew([helper], newWatch(onFallback));
    await computeFor(madeUpEngine(), 100);
    expect(reasons).toEqual(["a thread could not be started (no such file)"]);
  });

  test("that was imported before is said to have been", async () => {
    const memory = new WebAssembly.Memory({ initial: 0, maximum: 65536 });
    threads.installThreads(2, { onFallback });
    await computeFor(madeUpEngine({ memory }), 100);
    expect(reasons).toEqual([
      "the engine was imported before the threads were installed, or makes its memory in another way",
    ]);
  });
});

test("threads that were installed too late for the engine's memory say so, by an error and by their status", () => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
  threads.installThreads(2, { onFallback });
  const module = countingModule();
  for (let i = 0; i < 2; i++) {
    expect(() => new WebAssembly.Instance(module, { env: { memory } })).toThrow(
      "The threads were installed after the engine had made its memory. Call installThreads() before the engine is " +
        "imported for the first time, with `await import(...)`.",
    );
    expect(threads.threadStatus()).toEqual({
      threads: 1,
      fallback: "the threads were installed after the engine had made its memory, so its kernels fail",
    });
  }
  expect(reasons).toEqual([]);
});

describe("kept instances", () => {
  test("of an engine as expected are kept, without a word", async () => {
    threads.keepInstances({ onFallback });
    await computeFor(madeUpEngine(), 100);
    expect(reasons).toEqual([]);
  });

  test("of an engine whose kernels keep a state are not kept", async () => {
    threads.keepInstances({ onFallback });
    await computeFor(madeUpEngine({ kernel: { hasGlobal: true } }), 100);
    expect(reasons).toEqual(["a module of the engine imports env.memory and exports kernel, and may keep a state"]);
  });
});

describe("what is said", () => {
  test("is one warning, if nothing else is wished", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    onTestFinished(() => warn.mockRestore());
    threads.installThreads(2);
    await computeFor(madeUpEngine({ sharesNoMemory: true, kernel: { isExportedTwice: true } }), 100);
    expect(warn.mock.calls).toEqual([
      [
        "@softdraw/threads steps back, and the engine computes in its own way: the engine's memory is not shared. Results " +
          "are right, and may take longer. (The package knows @jax-js/jax 0.1.25.)",
      ],
    ]);
  });

  test("of a number that is none of threads, or of a second call, is an error", () => {
    for (const count of [0, -1, 1.5, 65, Number.NaN]) {
      expect(() => threads.installThreads(count)).toThrow(
        `installThreads(count): expected a whole number from 1 to 64, got ${count}.`,
      );
    }
    threads.keepInstances();
    const message = "threads or instances have been installed before, and a program can do that only once.";
    expect(() => threads.keepInstances()).toThrow(`keepInstances(): ${message}`);
    expect(() => threads.installThreads(2)).toThrow(`installThreads(): ${message}`);
    expect(() => threads.installThreads(1)).toThrow(`installThreads(): ${message}`);
  });

  test.each([
    [{ onfallback() {} }, 'unknown option "onfallback"; did you mean "onFallback"? There is "onFallback".'],
    [{ threads: 2 }, 'unknown option "threads". There is "onFallback".'],
    [{ onFallback: "x" }, 'onFallback must be a function, got "x".'],
    [null, "options must be an object such as { onFallback }, got null."],
    [() => {}, "options must be an object such as { onFallback }, got a function."],
  ])("of options that are none, %o, is an error", (options, message) => {
    const wrong = options as object;
    expect(() => threads.installThreads(2, wrong)).toThrow(new TypeError(`installThreads(options): ${message}`));
    expect(() => threads.keepInstances(wrong)).toThrow(new TypeError(`keepInstances(options): ${message}`));
    expect("Worker" in globalThis).toBe(false);
    threads.keepInstances({ onFallback: undefined });
  });

  test("of a page's options names those of pages", async () => {
    const page = await import("../src/page.ts");
    const wrong = { newworker: () => {} } as object;
    expect(() => page.installThreads(2, wrong)).toThrow(
      'installThreads(options): unknown option "newworker"; did you mean "newWorker"? There are "onFallback", "newWorker".',
    );
  });

  test("of a call that fails is an error only, and leaves no global Worker, by which the engine would make its pool", () => {
    for (const count of [0, 65]) expect(() => threads.installThreads(count)).toThrow(RangeError);
    expect("Worker" in globalThis).toBe(false);
    threads.keepInstances();
    expect(() => threads.installThreads(2)).toThrow("have been installed before");
    expect("Worker" in globalThis).toBe(false);
  });

  test("of a call that fails in a page is an error only, and leaves no worker", async () => {
    const page = await import("../src/page.ts");
    vi.stubGlobal("Worker", class {});
    onTestFinished(() => void vi.unstubAllGlobals());
    const newWorker = vi.fn();
    page.keepInstances();
    expect(() => page.installThreads(2, { newWorker })).toThrow("have been installed before");
    expect(newWorker).not.toHaveBeenCalled();
  });

  test("of a second call is an error, whatever another program has put in place of what was replaced", () => {
    threads.keepInstances();
    WebAssembly.Instance = new Proxy(WebAssembly.Instance, {});
    expect(() => threads.keepInstances()).toThrow("have been installed before");
  });
});
