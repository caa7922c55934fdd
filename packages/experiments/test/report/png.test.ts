import { crc32 } from "node:zlib";
import { decode, encode, type ImageData } from "fast-png";
import { describe, expect, it, test } from "vitest";
import {
  beginsAsSignedPng,
  decodePicture,
  encodePicture,
  pngDataUrl,
  pngSize,
  signedPng,
} from "../../src/report/png.ts";

/** Bytes with no regularity that a codec could rely on. */
const bytes = (count: number) => Uint8Array.from({ length: count }, (_, i) => (i * i * 31 + i * 7) % 251);

describe("encodePicture", () => {
  it.each([1, 3] as const)("gives back the same pixels with %i channels", (channels) => {
    const picture = { width: 37, height: 23, channels, data: bytes(37 * 23 * channels) };
    const { width, height, channels: decodedChannels, depth, data } = decode(encodePicture(picture));
    expect({ width, height, channels: decodedChannels, depth }).toEqual({ width: 37, height: 23, channels, depth: 8 });
    expect(data).toEqual(picture.data);
  });

  it("gives the same file for the same picture", () => {
    const picture = { width: 8, height: 8, channels: 1 as const, data: bytes(64) };
    expect(encodePicture(picture)).toEqual(encodePicture({ ...picture, data: picture.data.slice() }));
  });
});

test("a signed file is the same picture, and says by whom it is", () => {
  const picture = { width: 8, height: 8, channels: 1 as const, data: bytes(64) };
  const [plain, signed] = [encodePicture(picture), signedPng(encodePicture(picture))];
  expect(decodePicture(signed)).toEqual(picture);
  expect(decode(signed, { checkCrc: true }).text).toEqual({ Software: "Softdraw" });
  expect([plain, signed, signed.subarray(0, 40), bytes(99)].map(beginsAsSignedPng)).toEqual([
    false,
    true,
    false,
    false,
  ]);
});

describe("decodePicture", () => {
  it.each([1, 3] as const)("gives back what encodePicture was given, with %i channels", (channels) => {
    const picture = { width: 13, height: 5, channels, data: bytes(13 * 5 * channels) };
    expect(decodePicture(encodePicture(picture))).toEqual(picture);
  });

  const wide = (...values: number[]) => Uint16Array.from(values);
  const narrow = (...values: number[]) => Uint8Array.from(values);
  const palette = [
    [255, 0, 10],
    [0, 128, 20],
    [7, 8, 9],
  ];
  const kinds: [string, Omit<ImageData, "height">, number, number[]][] = [
    ["grey with alpha, on black", { width: 3, channels: 2, data: narrow(200, 255, 200, 51, 200, 0) }, 1, [200, 40, 0]],
    [
      "colour with alpha, on black",
      { width: 2, channels: 4, data: narrow(10, 20, 30, 255, 250, 100, 50, 102) },
      3,
      [10, 20, 30, 100, 40, 20],
    ],
    ["grey in 16 bits", { width: 3, channels: 1, depth: 16, data: wide(0, 65535, 257 * 99 + 100) }, 1, [0, 255, 99]],
    ["colour in 16 bits", { width: 1, channels: 3, depth: 16, data: wide(257, 65535, 514) }, 3, [1, 255, 2]],
    ["grey with alpha in 16 bits", { width: 1, channels: 2, depth: 16, data: wide(65535, 13107) }, 1, [51]],
    ["a palette", { width: 3, channels: 1, palette, data: narrow(2, 0, 1) }, 3, [7, 8, 9, 255, 0, 10, 0, 128, 20]],
    [
      "a palette of two bits a pixel",
      { width: 3, channels: 1, depth: 2, palette, data: narrow(0b00100111) },
      3,
      [255, 0, 10, 7, 8, 9, 0, 128, 20],
    ],
    [
      "a palette with alpha, on black",
      {
        width: 2,
        channels: 1,
        palette: [
          [200, 100, 50, 51],
          [1, 2, 3, 255],
        ],
        data: narrow(0, 1),
      },
      3,
      [40, 20, 10, 1, 2, 3],
    ],
    [
      "black and white",
      { width: 10, channels: 1, depth: 1, data: narrow(0b01001101, 0b10000000) },
      1,
      [0, 255, 0, 0, 255, 255, 0, 255, 255, 0],
    ],
    [
      "four greys",
      { width: 5, channels: 1, depth: 2, data: narrow(0b00011011, 0b11000000) },
      1,
      [0, 85, 170, 255, 255],
    ],
    ["sixteen greys", { width: 3, channels: 1, depth: 4, data: narrow(0x0f, 0x30) }, 1, [0, 255, 51]],
  ];

  it.each(kinds)("reads %s", (_, image, channels, expected) => {
    const picture = decodePicture(encode({ height: 1, ...image }));
    expect(picture).toEqual({ width: image.width, height: 1, channels, data: narrow(...expected) });
  });

  it("reads what is interlaced", () => {
    const picture = { width: 21, height: 17, channels: 3 as const, data: bytes(21 * 17 * 3) };
    expect(decodePicture(encode(picture, { interlace: "Adam7" }))).toEqual(picture);
  });

  it("takes no notice of the palette that colours may come with", () => {
    const picture = { width: 4, height: 2, channels: 3 as const, data: bytes(24) };
    const png = Buffer.from(encodePicture(picture));
    const chunk = Buffer.concat([Buffer.from("PLTE"), narrow(1, 2, 3)]);
    const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(3);
    check.writeUInt32BE(crc32(chunk));
    // Behind the signature and the header.
    expect(decodePicture(Buffer.concat([png.subarray(0, 33), length, chunk, check, png.subarray(33)]))).toEqual(
      picture,
    );
  });

  it.each([[new Uint8Array(0)], [bytes(100)], [Uint8Array.from(Buffer.from("GIF89a, not one of ours"))]])(
    "refuses what is no PNG file",
    (file) =>
      expect(() => decodePicture(file)).toThrow(`expected the bytes of a PNG file, got ${file.length} other ones.`),
  );

  it("refuses a PNG file that is cut off", () => {
    const png = encodePicture({ width: 30, height: 30, channels: 1, data: bytes(900) });
    for (const length of [8, 20, 40, png.length - 20]) expect(() => decodePicture(png.subarray(0, length))).toThrow();
  });
});

describe("pngSize", () => {
  it("reads width and height, also from a view into a larger buffer", () => {
    const png = encodePicture({ width: 300, height: 2, channels: 1, data: bytes(600) });
    const shifted = new Uint8Array(png.length + 5);
    shifted.set(png, 5);
    expect(pngSize(shifted.subarray(5))).toEqual({ width: 300, height: 2 });
  });

  it.each([[new Uint8Array(0)], [bytes(100)]])("refuses what is no PNG file", (file) => {
    expect(() => pngSize(file)).toThrow(/must be the bytes of a PNG file, got \d+ bytes/);
  });
});

describe("pngDataUrl", () => {
  it.each([0, 1, 2, 0x2000, 100_001])("holds all of %i bytes", (count) => {
    const url = pngDataUrl(bytes(count));
    expect(url).toMatch(/^data:image\/png;base64,[A-Za-z0-9+/]*=*$/);
    expect(Buffer.from(url.split(",")[1]!, "base64")).toEqual(Buffer.from(bytes(count)));
  });
});
