import { numpy as np } from "@jax-js/jax";

/** What the engine keeps of an array. */
interface Memory {
  readonly ref: number;
  /** In bytes. */
  readonly size: number;
}

/**
 * The arrays that hold memory of the engine, on the device that is the default: those of a program, and those that compiled
 * functions keep. To the number and to the byte, so that a leak of a single number shows at its first time.
 *
 * Upstream: arrays of memory of their own are counted nowhere. The engine keeps them in a map, by number; it is watched for as it
 * takes one.
 */
export function watchArrays() {
  const arrays = mapOfArrays();

  /** The most bytes that there are at once in `work`, beyond those that there were. */
  async function mostBytes(work: () => Promise<unknown>): Promise<number> {
    let bytes = 0;
    let most = 0;
    arrays.set = (key, value) => {
      bytes += value.size;
      most = Math.max(most, bytes);
      return Map.prototype.set.call(arrays, key, value) as typeof arrays;
    };
    arrays.delete = (key) => {
      bytes -= arrays.get(key)!.size;
      return Map.prototype.delete.call(arrays, key);
    };
    try {
      await work();
      return most;
    } finally {
      for (const own of ["set", "delete"]) Reflect.deleteProperty(arrays, own);
    }
  }

  return { count: () => arrays.size, mostBytes };
}

function mapOfArrays(): Map<unknown, Memory> {
  const { set } = Map.prototype;
  const maps: Map<unknown, Memory>[] = [];
  Map.prototype.set = function (key, value) {
    if (isMemory(value)) maps.push(this);
    return set.call(this, key, value);
  };
  try {
    np.array(Float32Array.of(1, 2)).dispose();
  } finally {
    Map.prototype.set = set;
  }
  const [map] = maps;
  if (map === undefined) throw new Error("The engine does not keep its arrays as it did in version 0.1.25.");
  return map;
}

function isMemory(value: unknown): value is Memory {
  return typeof value === "object" && value !== null && "ref" in value && "size" in value;
}
