/** Pictures as PNG files and as data URLs. Pure: the same code runs in Node and in a page. */

import { encode, hasPngSignature } from "fast-png";
import type { Picture } from "./pixels.ts";

/** The picture as a PNG file, lossless. */
export function encodePicture({ width, height, channels, data }: Picture): Uint8Array {
  return encode({ width, height, channels, data, depth: 8 });
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
