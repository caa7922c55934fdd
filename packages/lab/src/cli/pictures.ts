/** Pictures that a command is given: PNG by itself, JPEG and WebP by sharp, which is installed by whoever has some. */

import type { Picture } from "@softdraw/experiments/report/pixels";
import { decodePicture } from "@softdraw/experiments/report/png";
import { type LoadSharp, MOST_PIXELS, needSharp, pictureFormat, pixelsOf } from "../data/sharp.ts";
import { WrongCall } from "../errors.ts";
import { formatNumber } from "../report/numbers.ts";
import { readUpTo } from "./files.ts";
import { openPng } from "./png-file.ts";

/** Bytes of a picture's file at most: as many pixels of four bytes, without any compression. */
const MOST_BYTES = 4 * MOST_PIXELS;

/**
 * The picture in a file: grey or in colour, in 8 bits a channel. What is transparent is laid on black, and a photograph is
 * turned as its camera was held.
 *
 * @param loadSharp asked for JPEG and WebP only; a test may have none
 * @throws WrongCall that names the file and what is wrong with it; Error where sharp is not installed
 */
export async function readPicture(file: string, loadSharp?: LoadSharp): Promise<Picture> {
  const bytes = await readUpTo(file, MOST_BYTES).catch((error: Error) => {
    throw new WrongCall(error.message);
  });
  const format = pictureFormat(bytes);
  if (format === undefined) {
    throw new WrongCall(`${file}: expected a PNG, JPEG or WebP file, got ${bytes.length} other bytes.`);
  }
  return format === "png" ? decodePng(file, bytes) : decodeBySharp(file, bytes, loadSharp);
}

async function decodePng(file: string, bytes: Buffer): Promise<Picture> {
  return orDamaged(file, async () => {
    const { width, height, unpack } = openPng(bytes);
    checkSize(file, width, height);
    return decodePicture(unpack());
  });
}

async function decodeBySharp(file: string, bytes: Buffer, loadSharp?: LoadSharp): Promise<Picture> {
  const open = await needSharp(`${file}: a JPEG or WebP file is read`, loadSharp);
  return orDamaged(file, async () => {
    const { width, height, space } = await open(bytes, { limitInputPixels: false }).metadata();
    checkSize(file, width, height);
    const channels = space === "b-w" ? 1 : 3;
    return { channels, ...(await pixelsOf(open(bytes, { limitInputPixels: MOST_PIXELS }), { channels })) };
  });
}

function checkSize(file: string, width: number, height: number): void {
  const [across, down] = [width, height].map((length) => formatNumber(length, 0));
  const refuse = (expected: string) => new WrongCall(`${file}: expected ${expected}, got ${across} x ${down}.`);
  if (width < 1 || height < 1) throw refuse("a picture of at least 1 x 1 pixels");
  if (width * height > MOST_PIXELS) throw refuse(`at most ${formatNumber(MOST_PIXELS, 0)} pixels`);
}

/** A decoder's own words say where it stopped, which is of use to few; that the file is damaged is said first. */
async function orDamaged(file: string, decode: () => Promise<Picture>): Promise<Picture> {
  try {
    return await decode();
  } catch (error) {
    if (error instanceof WrongCall) throw error;
    const [reason] = (error as Error).message.trim().split("\n");
    throw new WrongCall(`${file} is damaged or cut off: ${reason}.`);
  }
}
