import { decode } from "fast-png";
import { describe, expect, it } from "vitest";
import { encodePicture, pngDataUrl, pngSize } from "../../src/report/png.ts";

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
