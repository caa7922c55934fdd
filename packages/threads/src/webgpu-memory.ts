/** Buffers of arrays: what the engine holds, and the memory on the device that is behind it. */

import { MOST_WISHES, type Position } from "./webgpu-tape.ts";

/** A buffer on the device. It is behind one array's buffer at a time, or waits for one. */
export interface Memory {
  readonly real: GPUBuffer;
  readonly size: number;
  /** Whether it is there beside what arrays ask for. */
  readonly isSpare: boolean;
  /** Whether an array's buffer is on it. */
  isTaken: boolean;
  /** Whether it may hold what somebody wrote: the device fills new buffers with zeros. */
  isUsed: boolean;
  /** The last batch of commands that uses it. */
  batch: number;
  /** How many positions want it. */
  wishes: number;
  /** Positions that know it. */
  readonly positions: Set<Position>;
}

/** Bytes that wait for an array, at most. */
const MOST_IDLE_BYTES = 2 ** 28;
/** A larger array stays where it is: its kernels take longer than they take to issue. */
const LARGEST_MOVED = 2 ** 22;
/** Bytes beyond those that arrays ask for, at most: spare room to write where that position wrote before. */
const MOST_SPARE_BYTES = 2 ** 27;

/** What the memory of a device needs of it. */
export interface MemoryDevice {
  createBuffer(descriptor: GPUBufferDescriptor): GPUBuffer;
  /** The number of the batch that commands are put into. */
  readonly batch: number;
  /** Hands over what waits. */
  flush(): void;
}

export class MemoryPool {
  readonly #device: MemoryDevice;
  readonly #usage: number;
  /** What waits, by size. */
  readonly #idle = new Map<number, Set<Memory>>();
  readonly #all = new Set<Memory>();
  #idleBytes = 0;
  #spareBytes = 0;

  /** @param usage that of all its buffers */
  constructor(device: MemoryDevice, usage: number) {
    this.#device = device;
    this.#usage = usage;
  }

  /** Memory for a buffer that has none. */
  take(size: number): Memory {
    return this.#claim(first(this.#idleOf(size)) ?? this.#make(size));
  }

  release(memory: Memory): void {
    memory.isTaken = false;
    this.#idleOf(memory.size).add(memory);
    this.#idleBytes += memory.size;
    while (this.#idleBytes > MOST_IDLE_BYTES) this.drop(this.#oldestIdle());
  }

  /**
   * Memory for what will be written whole: rather that on which this position wrote before, so that its bind groups
   * serve again. What was written to `old` is given up.
   */
  renew(old: Memory | undefined, position: Position, size: number): Memory {
    if (size > LARGEST_MOVED) return old ?? this.take(size);
    const memory = wished(position, old, size) ?? this.#newWish(old, position, size);
    if (memory === old) return memory;
    this.#claim(memory);
    if (old !== undefined) this.release(old);
    return memory;
  }

  /** Forgets which memory was wished for. */
  forgetWishes(): void {
    for (const memory of this.#all) {
      memory.wishes = 0;
      memory.positions.clear();
    }
  }

  /** Destroys memory that somebody else may use from now on. */
  drop(memory: Memory): void {
    if (memory.batch === this.#device.batch) this.#device.flush();
    this.#claim(memory);
    this.#all.delete(memory);
    if (memory.isSpare) this.#spareBytes -= memory.size;
    for (const position of memory.positions) position.forget(memory);
    memory.real.destroy();
  }

  #newWish(old: Memory | undefined, position: Position, size: number): Memory {
    const idle = this.#idleOf(size);
    if (position.wishes.length < MOST_WISHES) {
      const memory = this.#unwished(old, idle) ?? this.#spare(old, size);
      if (memory !== undefined) {
        position.wishes.push(memory);
        memory.positions.add(position);
        memory.wishes++;
        return memory;
      }
    }
    return old ?? first(idle) ?? this.#make(size);
  }

  #unwished(old: Memory | undefined, idle: Iterable<Memory>): Memory | undefined {
    if (old?.wishes === 0) return old;
    for (const memory of idle) if (memory.wishes === 0) return memory;
    return undefined;
  }

  /** New memory, though the buffer has some. */
  #spare(old: Memory | undefined, size: number): Memory | undefined {
    if (old === undefined) return this.#make(size);
    if (this.#spareBytes + size > MOST_SPARE_BYTES) return undefined;
    this.#spareBytes += size;
    return this.#make(size, true);
  }

  #claim(memory: Memory): Memory {
    memory.isTaken = true;
    if (this.#idleOf(memory.size).delete(memory)) this.#idleBytes -= memory.size;
    return memory;
  }

  #make(size: number, isSpare = false): Memory {
    const real = this.#device.createBuffer({ size, usage: this.#usage });
    const positions = new Set<Position>();
    const memory = { real, size, isSpare, isTaken: true, isUsed: false, batch: -1, wishes: 0, positions };
    this.#all.add(memory);
    return memory;
  }

  #oldestIdle(): Memory {
    for (const set of this.#idle.values()) for (const memory of set) return memory;
    throw new Error("there is no idle memory");
  }

  #idleOf(size: number): Set<Memory> {
    let idle = this.#idle.get(size);
    if (idle === undefined) {
      idle = new Set();
      this.#idle.set(size, idle);
    }
    return idle;
  }
}

function first(set: ReadonlySet<Memory>): Memory | undefined {
  for (const memory of set) return memory;
  return undefined;
}

/** What the position wants and may have. */
function wished({ wishes }: Position, old: Memory | undefined, size: number): Memory | undefined {
  for (const memory of wishes) if (memory.size === size && (memory === old || !memory.isTaken)) return memory;
  return undefined;
}
