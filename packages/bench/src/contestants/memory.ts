/** What memory a contestant takes. */

import type { MemoryUse } from "../contestant.ts";

/** The engine keeps its memory to itself, so this looks at every one that is made from here on; bytes in all. */
export function watchWasmMemory(): () => number {
  const memories: WebAssembly.Memory[] = [];
  WebAssembly.Memory = class extends WebAssembly.Memory {
    constructor(descriptor: WebAssembly.MemoryDescriptor) {
      super(descriptor);
      memories.push(this);
    }
  };
  return () => memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
}

/** The memory of this process now. */
export function memoryUse(wasmBytes: () => number): MemoryUse {
  const { rss, heapUsed } = process.memoryUsage();
  return { resident: megabytes(rss), heap: megabytes(heapUsed), wasm: megabytes(wasmBytes()) };
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1e5) / 10;
}
