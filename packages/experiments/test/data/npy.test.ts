import { describe, expect, test } from "vitest";
import { LONGEST_NPY, npyHeader, numpyTypes, parseNpy } from "../../src/data/npy.ts";

const latin1 = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

/** A file as NumPy writes it: the header ends with a line break. */
function npy(header: string, elements: Iterable<number>, { version = 1 } = {}): Uint8Array {
  const text = latin1(`${header}\n`);
  const length = version === 1 ? [text.length & 255, text.length >> 8] : [text.length & 255, text.length >> 8, 0, 0];
  return Uint8Array.of(0x93, ...latin1("NUMPY"), version, 0, ...length, ...text, ...elements);
}

const header = (descr: string, shape: string, fortran = "False") =>
  `{'descr': ${descr}, 'fortran_order': ${fortran}, 'shape': ${shape}, }`;

/** The numbers of a file of two elements of a type, as their bytes are written. */
const numbers = (descr: string, bytes: number[]) => [...parseNpy("a.npy", npy(header(descr, "(2,)"), bytes)).values];

test("every type has its numbers, in both byte orders", () => {
  expect(numbers("'|u1'", [1, 255])).toEqual([1, 255]);
  expect(numbers("'|i1'", [1, 255])).toEqual([1, -1]);
  expect(numbers("'|b1'", [0, 1])).toEqual([0, 1]);
  expect(numbers("'<u2'", [1, 2, 255, 255])).toEqual([513, 65535]);
  expect(numbers("'>u2'", [1, 2, 255, 255])).toEqual([258, 65535]);
  expect(numbers("'<i2'", [1, 2, 254, 255])).toEqual([513, -2]);
  expect(numbers("'>i4'", [0, 0, 1, 2, 255, 255, 255, 254])).toEqual([258, -2]);
  expect(numbers("'<u4'", [1, 0, 0, 0, 255, 255, 255, 255])).toEqual([1, 2 ** 32 - 1]);
  expect(numbers("'<i8'", [7, 0, 0, 0, 0, 0, 0, 0, ...Array(8).fill(255)])).toEqual([7, -1]);
  expect(numbers("'>u8'", [0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 9])).toEqual([256, 9]);
  // IEEE 754: 1.5 is 0x3fc00000 in 32 bits, -2.5 is 0xc004000000000000 in 64.
  expect(numbers("'<f4'", [0, 0, 0xc0, 0x3f, 0, 0, 0xc0, 0x7f])).toEqual([1.5, Number.NaN]);
  expect(numbers("'>f4'", [0x3f, 0xc0, 0, 0, 0xff, 0x80, 0, 0])).toEqual([1.5, Number.NEGATIVE_INFINITY]);
  expect(numbers("'>f8'", [0xc0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])).toEqual([-2.5, 0]);
});

test("halves of a float are exact: the largest, the smallest, a third, infinity and NaN", () => {
  expect(numbers("'<f2'", [0xff, 0x7b, 0x01, 0x00])).toEqual([65504, 2 ** -24]);
  expect(numbers("'>f2'", [0x35, 0x55, 0xbc, 0x00])).toEqual([0.333251953125, -1]);
  expect(numbers("'<f2'", [0x00, 0x7c, 0x01, 0x7c])).toEqual([Number.POSITIVE_INFINITY, Number.NaN]);
});

test("an array whose first axis is the fastest comes with the last one the fastest", () => {
  // [[[0, 1], [2, 3], [4, 5]], [[6, 7], [8, 9], [10, 11]]], as numpy.asfortranarray lays it out.
  const bytes = [0, 6, 2, 8, 4, 10, 1, 7, 3, 9, 5, 11];
  const { shape, values } = parseNpy("a.npy", npy(header("'|u1'", "(2, 3, 2)", "True"), bytes));
  expect(shape).toEqual([2, 3, 2]);
  expect([...values]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
});

test("the values do not share the file's memory, wherever in it they lie", () => {
  const content = npy(`${header("'<f4'", "(1,)")}  `, [0, 0, 0x80, 0x3f]);
  const { values } = parseNpy("a.npy", content);
  content.fill(0);
  expect([...values]).toEqual([1]);
});

test("all three versions, keys in any order, no blanks, Python 2's long numbers, and no axes at all", () => {
  for (const version of [1, 2, 3]) {
    expect(parseNpy("a.npy", npy(header("'|u1'", "(1, 1)"), [5], { version })).shape).toEqual([1, 1]);
  }
  const reversed = "{'shape':(2L,),'fortran_order':False,'descr':'|u1'}";
  expect(parseNpy("a.npy", npy(reversed, [1, 2])).shape).toEqual([2]);
  expect(parseNpy("a.npy", npy(header("'|u1'", "()"), [8]))).toMatchObject({ shape: [], values: Uint8Array.of(8) });
  expect(parseNpy("a.npy", npy(header("'<f8'", "(0, 3)"), [])).values).toHaveLength(0);
});

describe("what is refused, in one line that begins with the file", () => {
  const whole = npy(header("'|u1'", "(3,)"), [1, 2, 3]);
  const refused: [what: string, content: Uint8Array, says: RegExp][] = [
    ["no file at all", new Uint8Array(), /is not an .npy file.*got nothing\.$/],
    ["another format", latin1("PK\x03\x04 and more of it"), /is not an .npy file.*got 50 4b 03 04/],
    ["an unknown version", whole.with(6, 9), /expected version 1.0, 2.0 or 3.0 of the format, got 9.0\.$/],
    [
      "a header that is cut off",
      whole.subarray(0, 30),
      /truncated: expected a header that ends at byte \d+, got a file of 30\.$/,
    ],
    [
      "a header without end",
      Uint8Array.of(...whole.subarray(0, 6), 2, 0, 255, 255, 255, 255),
      /a header of at most 10000 bytes, got one of 4294967295/,
    ],
    [
      "elements that are cut off",
      whole.subarray(0, whole.length - 1),
      /truncated: expected \d+ bytes \(3 of u1\), got \d+\.$/,
    ],
    ["more elements", Uint8Array.of(...whole, 4), /over-long/],
    ["a missing key", npy("{'descr': '|u1', 'shape': (1,)}", [1]), /damaged header: expected \{'descr'/],
    ["a key twice", npy("{'descr': '|u1', 'shape': (1,), 'shape': (1,)}", [1]), /damaged header/],
    ["a program", npy("{'descr': open('x'), 'fortran_order': False, 'shape': (1,)}", [1]), /damaged header/],
    [
      "a shape that is none",
      npy(header("'|u1'", "(1, , 2)"), [1, 2]),
      /expected a shape such as \(60000, 28, 28\), got \(1, , 2\)\.$/,
    ],
    ["a text for a shape", npy(header("'|u1'", "'ten'"), [1]), /expected a shape/],
    [
      "objects",
      npy(header("'|O'", "(1,)"), [1]),
      /expected elements of one of the types u1.*got '\|O', which are Python objects\.$/,
    ],
    ["records", npy(header("[('a', '<f4')]", "(1,)"), [1]), /which are records\.$/],
    ["a number without an order of its bytes", npy(header("'|f4'", "(1,)"), [1, 2, 3, 4]), /expected elements/],
    [
      "2^62",
      npy(header("'<i8'", "(1,)"), [0, 0, 0, 0, 0, 0, 0, 64]),
      /between -2\^53 and 2\^53, got 4611686018427387904 at position 0\.$/,
    ],
    [
      "a size beyond the limit",
      npy(header("'<f8'", "(1000000, 1000000)"), []),
      /too large: expected at most 1073741824 bytes/,
    ],
    ["a size beyond all numbers", npy(header("'<f8'", `(${"999999999, ".repeat(40)})`), []), /too large/],
  ];
  test.each(refused)("%s", (_, content, says) => {
    const read = () => parseNpy("bad.npy", content);
    expect(read).toThrow(says);
    expect(read).toThrow(/^bad\.npy: [^\n]+$/);
  });
});

test("a header alone says how long the file has to be", () => {
  const head = npy(header("'<f4'", "(10, 28, 28)"), []);
  expect(npyHeader("a.npy", head)).toMatchObject({ shape: [10, 28, 28], dtype: "f4", length: head.length + 4 * 7840 });
  expect(LONGEST_NPY).toBe(2 ** 30);
  expect(numpyTypes).toHaveLength(12);
});
