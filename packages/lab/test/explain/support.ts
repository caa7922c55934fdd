/** Arrays of NumPy for tests, by the bytes of the format 1.0. */

/** An `.npy` file of such elements. */
export function npy(shape: readonly number[], values: Uint8Array | Int32Array | Float32Array): Buffer {
  const type = values instanceof Uint8Array ? "|u1" : values instanceof Int32Array ? "<i4" : "<f4";
  const axes = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const header = `{'descr': '${type}', 'fortran_order': False, 'shape': (${axes}), }`;
  const padded = `${header.padEnd(64 * Math.ceil((header.length + 11) / 64) - 11)}\n`;
  const head = Buffer.from([0x93, ...Buffer.from("NUMPY"), 1, 0, padded.length & 255, padded.length >> 8]);
  return Buffer.concat([head, Buffer.from(padded), Buffer.from(values.buffer, values.byteOffset, values.byteLength)]);
}
