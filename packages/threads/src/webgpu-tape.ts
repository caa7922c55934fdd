/**
 * What a program does again and again: kernel after kernel, from one read to the next. What a kernel at a position
 * needed last time is kept there.
 */

import type { Memory } from "./webgpu-memory.ts";

/** Where a step's arrays alternate between two or three places, a position has as many. */
export const MOST_WISHES = 3;
/** Of a position: outputs alternate, and so do the inputs that come from other positions. */
const MOST_GROUPS = 16;
/** Positions of a tape. A step of an experiment has some hundreds. */
const MOST_POSITIONS = 2 ** 14;

/** What is done at a position: a pipeline that is dispatched, or a buffer of so many bytes that is written. */
type Act = GPUComputePipeline | number;

interface KeptGroup {
  readonly layout: GPUBindGroupLayout;
  readonly memories: readonly Memory[];
  readonly group: GPUBindGroup;
}

/** A place in a program: it is known by all that was done since the last read. */
export class Position {
  /** Memory that was written here, at most `MOST_WISHES`. */
  wishes: Memory[] = [];
  #groups: KeptGroup[] = [];
  #next: Map<Act, Position> | undefined;
  #usual: Position | undefined;
  #usualAct: Act | undefined;

  /** The position after an act, if there was one before. */
  after(act: Act): Position | undefined {
    return act === this.#usualAct ? this.#usual : this.#next?.get(act);
  }

  add(act: Act): Position {
    const position = new Position();
    if (this.#usualAct === undefined) {
      this.#usualAct = act;
      this.#usual = position;
    } else {
      this.#next ??= new Map();
      this.#next.set(act, position);
    }
    return position;
  }

  /** The bind group that binds these, if it was kept. */
  groupOf(layout: GPUBindGroupLayout, memories: readonly Memory[]): GPUBindGroup | undefined {
    for (const kept of this.#groups) if (kept.layout === layout && areSame(kept.memories, memories)) return kept.group;
    return undefined;
  }

  keep(kept: KeptGroup): void {
    if (this.#groups.length === MOST_GROUPS) this.#groups.shift();
    this.#groups.push(kept);
    for (const memory of kept.memories) memory.positions.add(this);
  }

  /** Drops what rests on a buffer that is destroyed. */
  forget(gone: Memory): void {
    this.wishes = this.wishes.filter((memory) => memory !== gone);
    this.#groups = this.#groups.filter(({ memories }) => !memories.includes(gone));
  }
}

export class Tape {
  readonly #onFull: () => void;
  #start = new Position();
  #here = this.#start;
  #count = 0;

  /** @param onFull is called when all that is known is forgotten, because it is too much */
  constructor(onFull: () => void) {
    this.#onFull = onFull;
  }

  /** Goes on to where this is done. */
  advance(act: Act): Position {
    this.#here = this.#here.after(act) ?? this.#add(act);
    return this.#here;
  }

  /** Something is read: the program begins again. */
  rewind(): void {
    this.#here = this.#start;
  }

  #add(act: Act): Position {
    if (++this.#count > MOST_POSITIONS) {
      this.#onFull();
      this.#start = new Position();
      this.#here = this.#start;
      this.#count = 1;
    }
    return this.#here.add(act);
  }
}

export function areSame(some: readonly Memory[], others: readonly Memory[]): boolean {
  if (some.length !== others.length) return false;
  for (let i = 0; i < some.length; i++) if (some[i] !== others[i]) return false;
  return true;
}
