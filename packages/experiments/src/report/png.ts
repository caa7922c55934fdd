/** Pictures as PNG files and as data URLs. Pure: the same code runs in Node and in a page. */

import { convertIndexedToRgb, type DecodedPng, decode, encode, hasPngSignature } from "fast-png";
import type { Picture } from "./pixels.ts";

/** The picture as a PNG file, lossless. */
export function encodePicture({ width, height, channels, data }: Picture): Uint8Array {
  return encode({ width, height, channels, data, depth: 8 });
}

/**
 * The picture in a PNG file: grey or in colour, in 8 bits a channel. What has an alpha channel is laid on black, and a
 * palette is resolved.
 *
 * @throws TypeError for bytes that are no PNG file; Error for a file that is cut off, or with a checksum that is wrong
 */
export function decodePicture(png: Uint8Array): Picture {
  if (!hasPngSignature(png)) throw new TypeError(`expected the bytes of a PNG file, got ${png.length} other ones.`);
  const decoded = decode(png, { checkCrc: true });
  const { width, height } = decoded;
  const { data, full } = samplesOf(decoded);
  const from = data.length / (width * height);
  const channels = from <= 2 ? 1 : 3;
  const result = new Uint8Array(width * height * channels);
  for (let i = 0; i < result.length; i++) {
    const pixel = Math.floor(i / channels) * from;
    const alpha = from % 2 === 0 ? data[pixel + from - 1]! / full : 1;
    result[i] = Math.round((255 * alpha * data[pixel + (i % channels)]!) / full);
  }
  return { width, height, channels, data: result };
}

/** All channels of all pixels, one number each, up to `full`. */
function samplesOf(decoded: DecodedPng): { data: ArrayLike<number>; full: number } {
  const { palette, depth, channels, data } = decoded;
  // A picture in colour may come with a palette too, which is advice to who shows it.
  if (palette && channels === 1) return { data: convertIndexedToRgb(decoded), full: 255 };
  if (depth >= 8) return { data, full: 2 ** depth - 1 };
  // Several grey pixels in a byte: they are unpacked as those of a palette of greys.
  const greys = Array.from({ length: 2 ** depth }, (_, grey) => [(255 * grey) / (2 ** depth - 1)]);
  return { data: convertIndexedToRgb({ ...decoded, palette: greys }), full: 255 };
}

/** Where the first chunk of a PNG file, which has its size, ends. */
const BEHIND_SIZE = 33;

/** A chunk that says by which program the picture was made: its length, its name, `Software`, a zero, `Softdraw`, and its checksum. */
const SIGNATURE = Uint8Array.of(
  ...[0, 0, 0, 17],
  ...new TextEncoder().encode("tEXtSoftware\0Softdraw"),
  ...[0x0d, 0xa6, 0xdc, 0x25],
);

/** The same PNG file, which says that it is ours. */
export function signedPng(png: Uint8Array): Uint8Array {
  const signed = new Uint8Array(png.length + SIGNATURE.length);
  signed.set(png.subarray(0, BEHIND_SIZE));
  signed.set(SIGNATURE, BEHIND_SIZE);
  signed.set(png.subarray(BEHIND_SIZE), BEHIND_SIZE + SIGNATURE.length);
  return signed;
}

/** Whether a file begins as `signedPng` makes it. */
export function beginsAsSignedPng(bytes: Uint8Array): boolean {
  return hasPngSignature(bytes) && SIGNATURE.every((byte, i) => bytes[BEHIND_SIZE + i] === byte);
}

/** Width and height of a PNG file in pixels. Throws a TypeError for anything else than a PNG file. */
export function pngSize(png: Uint8Array): { width: number; height: number } {
  // The signature (8 bytes) is followed by the length and name of the first chunk, which begins with the size.
  if (png.length < 24 || !hasPngSignature(png)) {
    throw new TypeError(`pngSize: png must be the bytes of a PNG file, got ${png.length} bytes that are none.`);
  }
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  return { width: view.getUint32(16), height: view.getUint32(20) };
}

/** Bytes turned into text at once: a call takes a limited number of arguments. */
const BLOCK = 0x2000;

/** The file as a `data:image/png` URL, which a page shows without a request. */
export function pngDataUrl(png: Uint8Array): string {
  const blocks = Array.from({ length: Math.ceil(png.length / BLOCK) }, (_, i) =>
    png.subarray(i * BLOCK, (i + 1) * BLOCK),
  );
  const characters = blocks.map((block) => String.fromCharCode(...block)).join("");
  return `data:image/png;base64,${btoa(characters)}`;
}
