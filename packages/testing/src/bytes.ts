/** Bytes that tests read. */

/** An IDX file of unsigned bytes, or of the given element type. */
export function idxBytes(shape: number[], data: Iterable<number>, type = 0x08): Uint8Array {
  const axes = shape.flatMap((length) => [length >>> 24, (length >>> 16) & 255, (length >>> 8) & 255, length & 255]);
  return Uint8Array.from([0, 0, type, shape.length, ...axes, ...data]);
}

/** Bytes without a pattern, so that they stay long when packed and show every misplacement. */
export function noise(length: number, seed = 1): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
}

/** An .npy file of version 1.0, the last axis the fastest. */
export function npyBytes(descr: string, shape: readonly number[], elements: Iterable<number>): Uint8Array {
  const axes = `${shape.join(", ")}${shape.length === 1 ? "," : ""}`;
  const header = Buffer.from(`{'descr': '${descr}', 'fortran_order': False, 'shape': (${axes}), }\n`);
  return Uint8Array.of(0x93, ...Buffer.from("NUMPY"), 1, 0, header.length, 0, ...header, ...elements);
}

/** The same of the numbers in a typed array. */
export function npyOf(shape: readonly number[], values: Uint8Array | Int32Array | Float32Array): Uint8Array {
  const descr = values instanceof Uint8Array ? "|u1" : values instanceof Int32Array ? "<i4" : "<f4";
  return npyBytes(descr, shape, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
}
