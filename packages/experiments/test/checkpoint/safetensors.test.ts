import { safetensors } from "@jax-js/loaders";
import fc from "fast-check";
import { encode as encodePng } from "fast-png";
import { describe, expect, test } from "vitest";
import {
  type Checkpoint,
  checkHeaderLength,
  decodeCheckpoint,
  encodeCheckpoint,
  type Tensor,
  type TensorData,
} from "../../src/checkpoint/safetensors.ts";

const FILE = "runs/some/checkpoint.safetensors";

/** Every element type, awkward values, an odd number of bytes before wider elements, no axes and no elements. */
const checkpoint: Checkpoint = {
  tensors: {
    "encoder.0.weight": { shape: [2, 3], data: Float32Array.of(0, -0, 1e-45, Number.NaN, Infinity, -3.4e38) },
    "adam.step": { shape: [], data: Int32Array.of(-2147483648) },
    key: { shape: [2], data: Uint32Array.of(0, 4294967295) },
    a_mask: { shape: [3], data: Uint8Array.of(0, 255, 7) },
    nothing: { shape: [4, 0], data: new Float32Array(0) },
  },
  metadata: { epoch: "3", note: 'naïve "quotes"\n∞' },
};

const bytesOf = (data: ArrayBufferView) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/** A file from its parts, whether or not it is a valid one. */
function fileOf(header: unknown, data: readonly number[] = [], headerLength?: number): Uint8Array {
  const text = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerLength ?? text.length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}

function headerOf(bytes: Uint8Array) {
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const text = new TextDecoder().decode(bytes.subarray(8, 8 + length));
  return { length, text, json: JSON.parse(text) };
}

function expectSame(actual: Checkpoint, expected: Checkpoint): void {
  expect(actual.metadata).toEqual(expected.metadata);
  expect(Object.keys(actual.tensors).sort()).toEqual(Object.keys(expected.tensors).sort());
  for (const [name, { shape, data }] of Object.entries(expected.tensors)) {
    const tensor = actual.tensors[name]!;
    expect(tensor.shape).toEqual(shape);
    expect(tensor.data.constructor).toBe(data.constructor);
    expect(bytesOf(tensor.data)).toEqual(bytesOf(data));
  }
}

const arbitraryTensor: fc.Arbitrary<Tensor> = fc
  .record({
    shape: fc.array(fc.nat({ max: 4 }), { maxLength: 3 }),
    array: fc.constantFrom(Float32Array, Int32Array, Uint32Array, Uint8Array),
    seed: fc.uint8Array({ minLength: 256, maxLength: 256 }),
  })
  .map(({ shape, array, seed }) => {
    const length = shape.reduce((product, size) => product * size, 1);
    const data: TensorData = new array(seed.slice(0, length * array.BYTES_PER_ELEMENT).buffer);
    return { shape, data };
  });

const arbitraryName = fc.oneof(
  fc.string({ unit: "grapheme" }).filter((name) => name !== "__metadata__"),
  fc.constantFrom("__proto__", "constructor", "0", "10", ""),
);

const arbitraryCheckpoint: fc.Arbitrary<Checkpoint> = fc.record({
  tensors: fc.dictionary(arbitraryName, arbitraryTensor, { maxKeys: 5 }),
  metadata: fc.dictionary(arbitraryName, fc.string({ unit: "grapheme" }), { maxKeys: 3 }),
});

describe("round trip", () => {
  test("keeps every bit of every element type", () => {
    expectSame(decodeCheckpoint(encodeCheckpoint(checkpoint), FILE), checkpoint);
  });

  test("holds for any names, shapes and values", () => {
    fc.assert(
      fc.property(arbitraryCheckpoint, (any) => expectSame(decodeCheckpoint(encodeCheckpoint(any), FILE), any)),
      { numRuns: 200 },
    );
  });

  test("does not depend on where the bytes lie in memory", () => {
    const bytes = encodeCheckpoint(checkpoint);
    const shifted = new Uint8Array(bytes.length + 3).subarray(3);
    shifted.set(bytes);
    expectSame(decodeCheckpoint(shifted, FILE), checkpoint);
  });

  test("gives tensors of their own", () => {
    const bytes = encodeCheckpoint(checkpoint);
    const decoded = decodeCheckpoint(bytes, FILE);
    bytes.fill(0);
    expectSame(decoded, checkpoint);
  });

  test("writes the part of a buffer that a tensor covers", () => {
    const data = Float32Array.of(1, 2, 3, 4).subarray(1, 3);
    const decoded = decodeCheckpoint(encodeCheckpoint({ tensors: { part: { shape: [2], data } }, metadata: {} }), FILE);
    expect(decoded.tensors.part?.data).toEqual(Float32Array.of(2, 3));
  });

  test("gives the same bytes for the same checkpoint in another order", () => {
    const reversed = {
      tensors: Object.fromEntries(Object.entries(checkpoint.tensors).reverse()),
      metadata: Object.fromEntries(Object.entries(checkpoint.metadata).reverse()),
    };
    expect(encodeCheckpoint(reversed)).toEqual(encodeCheckpoint(checkpoint));
  });
});

describe("the format", () => {
  test("is header length, padded header, data", () => {
    const small = {
      tensors: { b: { shape: [1], data: Uint8Array.of(9) }, w: { shape: [], data: Int32Array.of(258) } },
      metadata: { epoch: "1" },
    };
    const header =
      '{"__metadata__":{"epoch":"1"},"w":{"dtype":"I32","shape":[],"data_offsets":[0,4]},' +
      '"b":{"dtype":"U8","shape":[1],"data_offsets":[4,5]}}';
    const padded = header.padEnd(Math.ceil(header.length / 8) * 8, " ");
    expect(padded).not.toBe(header);
    expect(encodeCheckpoint(small)).toEqual(fileOf(padded, [2, 1, 0, 0, 9]));
  });

  test("keeps the rules of the reference implementation", () => {
    const bytes = encodeCheckpoint(checkpoint);
    const { length, text, json } = headerOf(bytes);
    expect(text).toMatch(/^\{.*\} *$/s);
    expect((8 + length) % 8).toBe(0);
    const { __metadata__: metadata, ...entries } = json;
    expect(metadata).toEqual(checkpoint.metadata);
    const offsets = Object.values<{ data_offsets: [number, number] }>(entries).map((entry) => entry.data_offsets);
    offsets.sort(([a, b], [c, d]) => a - c || b - d);
    expect(offsets.map(([start]) => start)).toEqual([0, ...offsets.slice(0, -1).map(([, end]) => end)]);
    expect(8 + length + offsets.at(-1)![1]).toBe(bytes.length);
    for (const [name, { data_offsets }] of Object.entries<{ data_offsets: [number, number] }>(entries)) {
      expect(data_offsets[0] % checkpoint.tensors[name]!.data.BYTES_PER_ELEMENT).toBe(0);
    }
  });

  test("is read by @jax-js/loaders, every value", () => {
    const { tensors, metadata } = safetensors.parse(encodeCheckpoint(checkpoint));
    expect(metadata).toEqual(checkpoint.metadata);
    expect(Object.keys(tensors).sort()).toEqual(Object.keys(checkpoint.tensors).sort());
    for (const [name, { shape, data }] of Object.entries(checkpoint.tensors)) {
      expect(tensors[name]?.shape).toEqual(shape);
      expect(tensors[name]?.data).toEqual(data);
    }
  });

  test("in half precision is read as the nearest numbers, those between two as the even one", () => {
    // Of 16 bits, all that are numbers, each once.
    const halves = Float32Array.from({ length: 63_488 }, (_, i) => {
      const bits = i < 31_744 ? i : i + 1024;
      const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
      const size = exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25);
      return bits & 0x8000 ? -size : size;
    });
    const others = [
      1 + 2 ** -11,
      1 + 3 * 2 ** -11,
      1 + 2 ** -11 + 2 ** -20,
      2 ** -25,
      3 * 2 ** -25,
      65519,
      65520,
      -1e9,
    ];
    const nearest = [1, 1 + 2 ** -9, 1 + 2 ** -10, 0, 2 ** -23, 65504, Infinity, -Infinity];
    const data = Float32Array.of(...halves, ...others, Number.NaN);
    const tensors = { w: { shape: [data.length], data }, key: { shape: [2], data: Uint32Array.of(0, 4294967295) } };
    const bytes = encodeCheckpoint({ tensors, metadata: {} }, { half: true });
    expect(bytes.length).toBeLessThan(2 * data.length + 200);
    const decoded = decodeCheckpoint(bytes, FILE);
    expect(decoded.tensors.w!.data).toEqual(Float32Array.of(...halves, ...nearest, Number.NaN));
    expect(decoded.tensors.key).toEqual(tensors.key);
  });

  test("may come without metadata and padding", () => {
    const bytes = fileOf({ x: { dtype: "U8", shape: [2], data_offsets: [0, 2] } }, [5, 6]);
    const expected = { tensors: { x: { shape: [2], data: Uint8Array.of(5, 6) } }, metadata: {} };
    expectSame(decodeCheckpoint(bytes, FILE), expected);
  });
});

describe("encodeCheckpoint refuses", () => {
  const encodeOne = (name: string, tensor: unknown) => () =>
    encodeCheckpoint({ tensors: { [name]: tensor as Tensor }, metadata: {} });

  test("a shape that the data do not fill", () => {
    const tensor = { shape: [2, 2], data: new Float32Array(3) };
    expect(encodeOne("w", tensor)).toThrow("tensor w: expected the elements of shape [2,2], got 3 elements");
    expect(encodeOne("w", { shape: [-1, -3], data: new Float32Array(3) })).toThrow("shape [-1,-3]");
  });

  test("an element type that it cannot write", () => {
    const tensor = { shape: [1], data: new Float64Array(1) };
    expect(encodeOne("w", tensor)).toThrow(
      "tensor w: expected Float32Array, Int32Array, Uint32Array, Uint8Array, got Float64Array",
    );
    expect(encodeOne("w", { shape: [1], data: undefined })).toThrow("tensor w");
  });

  test("the name that the format keeps for itself", () => {
    expect(encodeOne("__metadata__", { shape: [1], data: new Float32Array(1) })).toThrow("__metadata__");
  });
});

describe("decodeCheckpoint refuses, naming the file,", () => {
  const refusal = (bytes: Uint8Array): string => {
    try {
      decodeCheckpoint(bytes, FILE);
    } catch (error) {
      return (error as Error).message;
    }
    throw new Error("expected a refusal");
  };
  const prefix = `${FILE} is not a whole safetensors checkpoint: `;
  const x = (entry: object) => ({ x: { dtype: "U8", shape: [2], data_offsets: [0, 2], ...entry } });

  test("a file truncated anywhere", () => {
    const bytes = encodeCheckpoint(checkpoint);
    for (let length = 0; length < bytes.length; length++) {
      expect(refusal(bytes.subarray(0, length))).toContain(prefix);
    }
  });

  test("a larger file truncated at random lengths", () => {
    const data = new Float32Array(50_000).fill(1);
    const bytes = encodeCheckpoint({ tensors: { w: { shape: [50_000], data } }, metadata: {} });
    fc.assert(
      fc.property(fc.nat({ max: bytes.length - 1 }), (length) => {
        expect(refusal(bytes.subarray(0, length))).toContain(prefix);
      }),
    );
  });

  test.each<[string, Uint8Array, string]>([
    ["an empty file", new Uint8Array(0), "expected at least 8 bytes, got 0"],
    ["zeros", new Uint8Array(64), "expected a header that is a JSON object, got a header whose first byte is missing"],
    [
      "a header that is longer than the file",
      fileOf("{}", [], 3),
      "expected a header of at most 2 bytes (the file has 10), got a",
    ],
    [
      "a header that is not an object",
      fileOf("[1]"),
      "expected a header that is a JSON object, got a header whose first byte is 91",
    ],
    ["a header that is not JSON", fileOf('{"x": '), "expected a header that is a JSON object, got "],
    ["a header that is not UTF-8", fileOf("{}", []).fill(0xff, 9), "expected a header in UTF-8, got other bytes"],
    [
      "metadata other than strings",
      fileOf({ __metadata__: { a: 1 } }),
      "expected __metadata__ to map a to a text, got 1",
    ],
    [
      "a tensor that is no object",
      fileOf({ x: 5 }),
      "tensor x: Invalid input: expected object, received number, got 5",
    ],
    [
      "an unknown type",
      fileOf(x({ dtype: "F8" }), [1, 2]),
      'tensor x: dtype: Expected one of F32, I32, U32, U8, F16, got "F8"',
    ],
    [
      "a type named as what every object has",
      fileOf(x({ dtype: "toString" }), [1, 2]),
      "tensor x: dtype: Expected one of",
    ],
    [
      "a missing type",
      fileOf(x({ dtype: undefined }), [1, 2]),
      "tensor x: dtype: Expected one of F32, I32, U32, U8, F16, got undefined",
    ],
    [
      "a negative size",
      fileOf(x({ shape: [-1, -2] }), [1, 2]),
      "tensor x: shape.0: Expected a number of at least 0, got -1",
    ],
    [
      "a fractional size",
      fileOf(x({ shape: [0.5, 4] }), [1, 2]),
      "tensor x: shape.0: Expected a whole number, got 0.5",
    ],
    ["offsets that are missing", fileOf(x({ data_offsets: [0] }), [1, 2]), "tensor x: data_offsets: "],
    [
      "offsets that do not fit the shape",
      fileOf(x({ shape: [3] }), [1, 2]),
      "expected tensor x to take 3 bytes, got 2",
    ],
    [
      "offsets that run backwards",
      fileOf(x({ data_offsets: [2, 0] }), [1, 2]),
      "expected tensor x to take 2 bytes, got -2",
    ],
    [
      "a hole",
      fileOf(x({ data_offsets: [1, 3] }), [1, 2, 3]),
      "expected tensor x to start at byte 0 of the data, got 1",
    ],
    [
      "an overlap",
      fileOf({ ...x({}), y: { dtype: "U8", shape: [2], data_offsets: [1, 3] } }, [1, 2, 3]),
      "expected tensor y to start at byte 2 of the data, got 1",
    ],
    ["a file that is too short", fileOf(x({}), [1]), "expected 2 bytes of data after the header, got 1"],
    ["a file that is too long", fileOf(x({}), [1, 2, 3]), "expected 2 bytes of data after the header, got 3"],
    [
      "a picture",
      encodePng({ width: 4, height: 4, channels: 1, data: new Uint8Array(16) }),
      "expected a header of at most",
    ],
    ["some text", new TextEncoder().encode("epoch,loss\n1,182.3\n2,131.9\n"), "expected a header of at most"],
    [
      "a name that is there twice",
      fileOf(
        '{"x":{"dtype":"U8","shape":[9],"data_offsets":[0,9]},"x":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}',
        [1, 2],
      ),
      "expected every name in its header once, got a name that is there twice",
    ],
    [
      "a name that is there twice in its metadata, written in another way",
      fileOf('{"__metadata__":{"position":"{}","positio\\u006e":"{}"}}'),
      "expected every name in its header once",
    ],
    [
      "what a terminal would obey",
      fileOf({ [`\u001b[2J\u202e${"x".repeat(200)}`]: 5 }),
      `tensor [2J${"x".repeat(76)}…: Invalid input`,
    ],
  ])("%s", (_what, bytes, message) => {
    expect(refusal(bytes)).toContain(prefix + message);
  });

  test("a header longer than any of ours, before it is read", () => {
    const limit = 16 * 2 ** 20;
    const first = new Uint8Array(8);
    new DataView(first.buffer).setBigUint64(0, 100_000_000n, true);
    expect(() => checkHeaderLength(first, 200_000_000, FILE)).toThrow(
      `${prefix}expected a header of at most ${limit} bytes, got a header length of 100000000`,
    );
    new DataView(first.buffer).setBigUint64(0, BigInt(limit), true);
    expect(() => checkHeaderLength(first, 200_000_000, FILE)).not.toThrow();
    expect(() => checkHeaderLength(first, limit, FILE)).toThrow("the file has 16777216");
  });

  test("names that look like others in texts are none of them", () => {
    const metadata = { note: '{"note":"twice"}', "a\\": '\\":', "": "empty" };
    const bytes = encodeCheckpoint({ tensors: {}, metadata });
    expect(decodeCheckpoint(bytes, FILE).metadata).toEqual(metadata);
  });

  test("or reads as some other whole checkpoint, whatever bit of the header is flipped", () => {
    const bytes = encodeCheckpoint(checkpoint);
    const end = 8 + headerOf(bytes).length;
    let refused = 0;
    for (let bit = 0; bit < 8 * end; bit++) {
      const flipped = bytes.slice();
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      refused += Number(isRefused(flipped));
    }
    // What passes are flips inside names and texts, in spaces, and between types of the same width.
    expect(refused).toBeGreaterThan(4 * end);
  });

  function isRefused(bytes: Uint8Array): boolean {
    let decoded: Checkpoint;
    try {
      decoded = decodeCheckpoint(bytes, FILE);
    } catch (error) {
      expect((error as Error).message).toContain(prefix);
      return true;
    }
    for (const { shape, data } of Object.values(decoded.tensors)) {
      expect(data.length).toBe(shape.reduce((product, size) => product * size, 1));
    }
    return false;
  }
});
