/** Pictures that a command is given: PNG by itself, JPEG and WebP by sharp, which is installed by whoever has some. */

import type { Picture } from "@softdraw/experiments/report/pixels";
import { decodePicture } from "@softdraw/experiments/report/png";
import type sharp from "sharp";
import { WrongCall } from "../errors.ts";
import { formatNumber } from "../report/numbers.ts";
import { errorCode } from "../runs/files.ts";
import { readUpTo } from "./files.ts";
import { isPng, openPng } from "./png-file.ts";

/** Pixels of a picture at most, 8,192 x 8,192: they are in memory, and looked at one by one. */
export const MOST_PIXELS = 2 ** 26;

/** Bytes of a picture's file at most: as many pixels of four bytes, without any compression. */
const MOST_BYTES = 4 * MOST_PIXELS;

type LoadSharp = () => Promise<{ readonly default: typeof sharp }>;

/**
 * The picture in a file: grey or in colour, in 8 bits a channel. What is transparent is laid on black, and a photograph is
 * turned as its camera was held.
 *
 * @param loadSharp asked for JPEG and WebP only; a test may have none
 * @throws WrongCall that names the file and what is wrong with it; Error where sharp is not installed
 */
export async function readPicture(file: string, loadSharp: LoadSharp = () => import("sharp")): Promise<Picture> {
  const bytes = await readUpTo(file, MOST_BYTES).catch((error: Error) => {
    throw new WrongCall(error.message);
  });
  const decode = isPng(bytes) ? decodePng : isPhotograph(bytes) ? decodeBySharp : undefined;
  if (decode === undefined) {
    throw new WrongCall(`${file}: expected a PNG, JPEG or WebP file, got ${bytes.length} other bytes.`);
  }
  return decode(file, bytes, loadSharp);
}

/** JPEG begins with a marker, WebP is a kind of RIFF. */
function isPhotograph(bytes: Buffer): boolean {
  if (bytes.subarray(0, 3).equals(Buffer.of(0xff, 0xd8, 0xff))) return true;
  return bytes.toString("latin1", 0, 4) === "RIFF" && bytes.toString("latin1", 8, 12) === "WEBP";
}

async function decodePng(file: string, bytes: Buffer): Promise<Picture> {
  return orDamaged(file, async () => {
    const { width, height, unpack } = openPng(bytes);
    checkSize(file, width, height);
    return decodePicture(unpack());
  });
}

async function decodeBySharp(file: string, bytes: Buffer, loadSharp: LoadSharp): Promise<Picture> {
  const { default: open } = await loadSharp().catch((error) => {
    if (errorCode(error) !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new Error(`${file}: a JPEG or WebP file is read by sharp, which is not installed: npm install sharp`);
  });
  return orDamaged(file, async () => {
    const { width, height, space } = await open(bytes, { limitInputPixels: false }).metadata();
    checkSize(file, width, height);
    const picture = open(bytes, { limitInputPixels: MOST_PIXELS }).autoOrient().flatten({ background: "black" });
    const kept = picture.toColourspace(space === "b-w" ? "b-w" : "srgb");
    const { data, info } = await kept.raw({ depth: "uchar" }).toBuffer({ resolveWithObject: true });
    const { channels } = info;
    if (channels !== 1 && channels !== 3) throw new Error(`expected 1 or 3 channels, got ${channels}`);
    return { width: info.width, height: info.height, channels, data: new Uint8Array(data) };
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
