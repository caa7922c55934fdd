/**
 * How the engine's memory grows. The engine keeps all arrays in one WebAssembly memory, which grows when no freed block
 * fits. To see it, its constructor is wrapped before the engine is loaded: so a test that watches it imports all that
 * loads the engine dynamically, afterwards, and shares nothing with other tests.
 */

import type { numpy } from "@jax-js/jax";

const PAGE = 65_536;
/** The engine hands out memory in blocks of at least so many bytes. */
const BLOCK = 64;

export async function watchEngineMemory() {
  const memories: WebAssembly.Memory[] = [];
  const { Memory } = WebAssembly;
  WebAssembly.Memory = class extends Memory {
    constructor(descriptor: WebAssembly.MemoryDescriptor) {
      super(descriptor);
      memories.push(this);
    }
  };
  const { numpy: np, tree } = await import("@jax-js/jax");
  WebAssembly.Memory = Memory;

  const memoryBytes = () => memories.reduce((bytes, memory) => bytes + memory.buffer.byteLength, 0);
  const block = (bytes = BLOCK) => np.array(Float32Array.from({ length: bytes / 4 }, (_, i) => i));

  /** By how many bytes the memory grows in `work`. */
  async function growth(work: () => Promise<void>): Promise<number> {
    const before = memoryBytes();
    await work();
    return memoryBytes() - before;
  }

  /**
   * `growth`, which also shows a leak of a single number in each of `times` rounds: they find only room for three
   * quarters. The engine keeps freed blocks apart by their size, so arrays of another size are shown to leak if their
   * bytes are given: they find room for half.
   */
  async function growthToTheNumber(times: number, work: () => Promise<void>, arrayBytes = 0): Promise<number> {
    // What is taken here is never given back: the next call would have to take all of it again before memory grows.
    const arrays = arrayBytes > 0 ? fillBlocks(arrayBytes, 0) : [];
    tree.dispose(arrays.splice(0, times / 2));
    fillBlocks(BLOCK, 0.75 * times);
    return growth(work);
  }

  /** Takes all the free blocks of a size, and of what the memory then grows by all but `spare` of them. */
  function fillBlocks(bytes: number, spare: number): numpy.Array[] {
    const held: numpy.Array[] = [];
    const before = memoryBytes();
    while (memoryBytes() === before) {
      held.push(block(bytes));
      if (held.length > 1e6) throw new Error("The engine's memory is not the one watched: it does not grow.");
    }
    for (let free = PAGE / bytes; free > spare; free--) held.push(block(bytes));
    return held;
  }

  return { block, growth, growthToTheNumber };
}
