import { strToU8, zipSync } from "fflate";
import { expect, test } from "vitest";
import { parseNpz } from "../../src/data/npz.ts";

/** An .npy file of bytes in one row. */
function row(...bytes: number[]): Uint8Array {
  const header = `{'descr': '|u1', 'fortran_order': False, 'shape': (${bytes.length},), }\n`;
  return Uint8Array.of(0x93, ...strToU8("NUMPY"), 1, 0, header.length, 0, ...strToU8(header), ...bytes);
}

const read = (content: Uint8Array) =>
  Object.fromEntries([...parseNpz("a.npz", content)].map(([name, { values }]) => [name, [...values]]));

test("the arrays by name, packed or not", () => {
  const files = { "x_train.npy": row(1, 2, 3), "y_train.npy": row(7) };
  for (const level of [0, 6] as const) {
    expect(read(zipSync(files, { level }))).toEqual({ x_train: [1, 2, 3], y_train: [7] });
  }
});

test("only the arrays that are wanted are unpacked", () => {
  const content = zipSync({ "images.npy": row(1), "names.npy": strToU8("no array at all") });
  expect([...parseNpz("a.npz", content, (name) => name === "images").keys()]).toEqual(["images"]);
  expect(() => parseNpz("a.npz", content)).toThrow("a.npz: names: is not an .npy file");
});

test("a bit that was turned is found, in packed data and in data that is not", () => {
  for (const level of [0, 6] as const) {
    const content = zipSync({ "a.npy": row(...Array(50).keys()) }, { level });
    const at = content.length - 100;
    expect(() => parseNpz("a.npz", content.with(at, content[at]! ^ 4))).toThrow(/^a\.npz: /);
  }
});

test("what is no archive, is cut off, or holds other files", () => {
  const whole = zipSync({ "a.npy": row(1) });
  expect(() => parseNpz("a.npz", new Uint8Array())).toThrow(/^a\.npz: is not a whole \.npz file/);
  expect(() => parseNpz("a.npz", whole.subarray(0, whole.length - 30))).toThrow(/^a\.npz: is not a whole \.npz file/);
  expect(() => parseNpz("a.npz", whole.subarray(20))).toThrow(/^a\.npz: /);
  expect(() => parseNpz("a.npz", zipSync({ "notes.txt": strToU8("hello") }))).toThrow(
    'a.npz: expected .npy files in it, got "notes.txt".',
  );
});

test("sizes are counted before anything is unpacked", () => {
  const content = zipSync({ "a.npy": row(1), "b.npy": row(2) });
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  // The unpacked size stands in the directory's entries, 24 bytes from their beginning.
  for (let at = 0; at + 4 <= content.length; at++) {
    if (view.getUint32(at, true) === 0x02014b50) view.setUint32(at + 24, 2 ** 29 + 1, true);
  }
  expect(() => parseNpz("a.npz", content)).toThrow(
    "a.npz: too large: expected at most 1073741824 bytes, unpacked, got 1073741826.",
  );
});
