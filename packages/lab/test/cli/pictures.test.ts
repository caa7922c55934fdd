import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32, deflateSync } from "node:zlib";
import type { Picture } from "@softdraw/experiments/report/pixels";
import { encodePicture } from "@softdraw/experiments/report/png";
import { noise } from "@softdraw/testing/bytes";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readPicture } from "../../src/cli/pictures.ts";
import { MOST_PIXELS } from "../../src/data/sharp.ts";
import { WrongCall } from "../../src/errors.ts";

let folder: string;
let file: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "softdraw-pictures-"));
  file = join(folder, "picture");
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function read(bytes: Uint8Array): Promise<Picture> {
  await writeFile(file, bytes);
  return readPicture(file);
}

/** What is said of a file, without its name. */
async function refusalOf(bytes: Uint8Array): Promise<string> {
  const error = await read(bytes).then(
    () => expect.fail("was read"),
    (error: unknown) => error,
  );
  expect(error).toBeInstanceOf(WrongCall);
  const { message } = error as Error;
  expect(message.slice(0, file.length)).toBe(file);
  return message.slice(file.length);
}

/** In colour, with all values. */
const picture: Picture = { width: 9, height: 7, channels: 3, data: noise(9 * 7 * 3) };
const png = encodePicture(picture);

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

/** A PNG file of grey pixels in 8 bits, with that for its data. */
function pngOf(width: number, height: number, packed: Uint8Array, ...before: Buffer[]): Buffer {
  const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0]);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  const chunks = [chunk("IHDR", header), ...before, chunk("IDAT", packed), chunk("IEND", new Uint8Array())];
  return Buffer.concat([png.subarray(0, 8), ...chunks]);
}

describe("a PNG file", () => {
  test.each([
    [
      "two headers",
      chunk("IHDR", Buffer.from([0, 0, 9, 9, 0, 0, 9, 9, 8, 0, 0, 0, 0])),
      "expected one header, got two",
    ],
    [
      "a chunk that is needed and not known",
      chunk("NEWS", new Uint8Array(3)),
      'expected chunks that are known, got "NEWS", without which it cannot be read',
    ],
  ])("with %s is refused", async (_, before, reason) => {
    expect(await refusalOf(pngOf(2, 1, deflateSync(Uint8Array.of(0, 1, 2)), before))).toContain(reason);
  });

  test("of numbered colours without a palette is refused", async () => {
    const bytes = pngOf(2, 1, deflateSync(Uint8Array.of(0, 1, 2)));
    bytes[8 + 8 + 9] = 3;
    bytes.writeUInt32BE(crc32(bytes.subarray(12, 29)), 29);
    expect(await refusalOf(bytes)).toContain("expected a palette, got none");
  });

  test("is read", async () => {
    expect(await read(png)).toEqual(picture);
    const grey = { width: 2, height: 1, channels: 1, data: Uint8Array.of(3, 200) };
    expect(await read(pngOf(2, 1, deflateSync(Uint8Array.of(0, 3, 200))))).toEqual(grey);
  });

  test("with any flipped bit is refused", async () => {
    for (let bit = 0; bit < 8 * png.length; bit += 3) {
      const damaged = Uint8Array.from(png);
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      expect(await refusalOf(damaged)).toMatch(bit < 64 ? /^: expected a PNG, JPEG/ : /^ is damaged or cut off: \S+/);
    }
  });

  test("that is cut off anywhere is refused, in words", async () => {
    for (let length = 8; length < png.length; length++) {
      expect(await refusalOf(png.subarray(0, length))).toBe(
        ` is damaged or cut off: it ends after ${length} bytes, and its last chunk does not.`,
      );
    }
  });

  test("is measured before it is unpacked", async () => {
    const none = deflateSync(new Uint8Array());
    expect(await refusalOf(pngOf(20_000, 20_000, none))).toBe(
      ": expected at most 67,108,864 pixels, got 20,000 x 20,000.",
    );
    expect(await refusalOf(pngOf(MOST_PIXELS + 1, 1, none))).toContain("got 67,108,865 x 1.");
    expect(await refusalOf(pngOf(0xffffffff, 0xffffffff, none))).toContain("got 4,294,967,295 x 4,294,967,295.");
    expect(await refusalOf(pngOf(0, 5, none))).toBe(": expected a picture of at least 1 x 1 pixels, got 0 x 5.");
  });

  test("has as many pixels as its header says, and no more of them are unpacked", async () => {
    const bomb = deflateSync(new Uint8Array(2 ** 27));
    const { arrayBuffers } = process.memoryUsage();
    expect(await refusalOf(pngOf(2, 1, bomb))).toBe(" is damaged or cut off: expected 3 bytes of pixels, got more.");
    expect(await refusalOf(pngOf(2, 2, deflateSync(Uint8Array.of(0, 1, 2))))).toContain(
      "expected 6 bytes of pixels, got 3.",
    );
    // Nor is what does not concern the pixels: this chunk holds a profile of colours.
    const profile = chunk("iCCP", Buffer.concat([Buffer.from("p\0\0", "latin1"), bomb]));
    const { data } = await read(pngOf(2, 1, deflateSync(Uint8Array.of(0, 3, 200)), profile));
    expect([...data]).toEqual([3, 200]);
    expect(process.memoryUsage().arrayBuffers - arrayBuffers).toBeLessThan(2 ** 25);
  });
});

describe("JPEG and WebP", () => {
  const halves = (width: number, height: number) =>
    sharp({ create: { width, height, channels: 3, background: "red" } }).composite([
      { input: { create: { width: width / 2, height, channels: 3, background: "blue" } }, left: 0, top: 0 },
    ]);
  const pixel = ({ data, width, channels }: Picture, x: number, y: number) =>
    [...data.subarray((y * width + x) * channels, (y * width + x + 1) * channels)].map((value) =>
      Math.round(value / 64),
    );
  const [red, blue] = [
    [4, 0, 0],
    [0, 0, 4],
  ];

  test.each(["jpeg", "webp"] as const)("a %s file is read in its colours", async (format) => {
    const read32 = await read(await halves(32, 16).toFormat(format, { quality: 100 }).toBuffer());
    expect(read32).toMatchObject({ width: 32, height: 16, channels: 3 });
    expect([pixel(read32, 4, 8), pixel(read32, 28, 8)]).toEqual([blue, red]);
  });

  test("a photograph is turned as its camera was held", async () => {
    // Orientation 6: what is seen at the left was held at the top.
    const turned = await read(await halves(32, 16).jpeg({ quality: 100 }).withMetadata({ orientation: 6 }).toBuffer());
    expect(turned).toMatchObject({ width: 16, height: 32 });
    expect([pixel(turned, 8, 4), pixel(turned, 8, 28)]).toEqual([blue, red]);
  });

  test("what is transparent is laid on black, as in a PNG file; grey stays grey", async () => {
    const half = {
      create: { width: 8, height: 8, channels: 4 as const, background: { r: 255, g: 255, b: 255, alpha: 0.5 } },
    };
    const [webp, ofPng] = [
      await read(await sharp(half).webp({ lossless: true }).toBuffer()),
      await read(await sharp(half).png().toBuffer()),
    ];
    expect(Math.abs(webp.data[0]! - 128)).toBeLessThanOrEqual(1);
    expect(Math.abs(webp.data[0]! - ofPng.data[0]!)).toBeLessThanOrEqual(1);
    expect(await read(await halves(8, 8).toColourspace("b-w").jpeg().toBuffer())).toMatchObject({ channels: 1 });
    const cmyk = await halves(32, 16).toColourspace("cmyk").jpeg({ quality: 100 }).toBuffer();
    expect(await read(cmyk)).toMatchObject({ width: 32, channels: 3 });
  });

  test.each(["jpeg", "webp"] as const)("a %s file that is cut off is refused, in words", async (format) => {
    const bytes = await sharp(noise(64 * 64 * 3), { raw: { width: 64, height: 64, channels: 3 } })
      .toFormat(format)
      .toBuffer();
    for (const share of [0.01, 0.2, 0.5, 0.9]) {
      const length = Math.max(16, Math.floor(share * bytes.length));
      expect(await refusalOf(bytes.subarray(0, length))).toMatch(/^ is damaged or cut off: .+\.$/);
    }
  });

  test("a JPEG file is measured before it is unpacked", async () => {
    const jpeg = await halves(32, 16).jpeg().toBuffer();
    // The frame's header: a marker, its length, the bits of a sample, height and width.
    const frame = jpeg.indexOf(Buffer.of(0xff, 0xc0));
    jpeg.writeUInt16BE(20_000, frame + 5);
    jpeg.writeUInt16BE(20_000, frame + 7);
    expect(await refusalOf(jpeg)).toBe(": expected at most 67,108,864 pixels, got 20,000 x 20,000.");
  });

  test("without sharp, the error says what to install, and PNG is read all the same", async () => {
    const missing = () =>
      Promise.reject(Object.assign(new Error("Cannot find package"), { code: "ERR_MODULE_NOT_FOUND" }));
    await writeFile(file, await halves(8, 8).jpeg().toBuffer());
    await expect(readPicture(file, missing)).rejects.toThrow(
      `${file}: a JPEG or WebP file is read by sharp, which is not installed: npm install sharp`,
    );
    await writeFile(file, png);
    expect(await readPicture(file, missing)).toEqual(picture);
  });
});
