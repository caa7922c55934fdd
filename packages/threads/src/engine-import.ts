/** What is to be seen of the engine while it is imported: it makes its memory, and then a pool of workers. */

import type { Watch } from "./fallback.ts";

export interface EngineImport {
  /** The engine's memory, once it has been made. */
  readonly memory: WebAssembly.Memory | undefined;
}

/**
 * Waits for the engine's memory, which is the next one that begins empty: other programs ask for the pages they need.
 *
 * @param onMemory is called while the engine is being imported
 */
export function watchImport(onMemory: (memory: WebAssembly.Memory) => void = () => {}): EngineImport {
  let found: WebAssembly.Memory | undefined;
  const { Memory } = WebAssembly;
  const watching = new Proxy(Memory, {
    construct(Memory, [descriptor]: [WebAssembly.MemoryDescriptor]) {
      const memory = new Memory(descriptor);
      if (found !== undefined || memory.buffer.byteLength > 0) return memory;
      found = memory;
      if (WebAssembly.Memory === watching) WebAssembly.Memory = Memory;
      onMemory(memory);
      return memory;
    },
  });
  WebAssembly.Memory = watching;
  return {
    get memory() {
      return found;
    },
  };
}

/** Whether threads can share it. */
export function isShared(memory: WebAssembly.Memory): boolean {
  return typeof SharedArrayBuffer !== "undefined" && memory.buffer instanceof SharedArrayBuffer;
}

/**
 * To be called when the engine has just made its memory. What it asks next is whether there are workers, and without
 * them it makes no pool. So that one question is answered with no, and all others as ever.
 *
 * Upstream: no option keeps the engine from making its pool, which takes longer to ask than most kernels take.
 */
export function refusePool(watch: Watch): void {
  const own = Object.getOwnPropertyDescriptor(globalThis, "Worker");
  if (own === undefined) return;
  let isAsked = false;
  const restore = () => Object.defineProperty(globalThis, "Worker", own);
  Object.defineProperty(globalThis, "Worker", {
    configurable: true,
    enumerable: own.enumerable ?? false,
    get() {
      isAsked = true;
      restore();
      return undefined;
    },
  });
  queueMicrotask(() => {
    if (isAsked) return;
    restore();
    watch.stepBack("the engine was imported and did not ask whether there are workers, so it may have a pool of them");
  });
}
