/** Pictures by sharp, which is installed by whoever has some. */

import { bytesAnImage, type Dataset } from "@softdraw/experiments/data/types";
import type sharp from "sharp";
import { WrongCall } from "../errors.ts";
import { formatNumber } from "../report/numbers.ts";
import { errorCode } from "../runs/files.ts";
import { MOST_VALUES, type Shaping } from "./kind.ts";

/** Pixels of a picture at most, 8,192 x 8,192: they are in memory, and looked at one by one. */
export const MOST_PIXELS = 2 ** 26;

export type Sharp = typeof sharp;

export type LoadSharp = () => Promise<{ readonly default: Sharp }>;

/**
 * @param what it is needed for, the beginning of the message
 * @param load a test may have none
 * @throws Error that says how to install it, where it is not
 */
export async function needSharp(what: string, load: LoadSharp = () => import("sharp")): Promise<Sharp> {
  const loaded = await load().catch((error) => {
    if (errorCode(error) !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new Error(`${what} by sharp, which is not installed: npm install sharp`);
  });
  return loaded.default;
}

/** What a file is by its first bytes: PNG has a signature, JPEG begins with a marker, WebP is a kind of RIFF. */
export function pictureFormat(head: Buffer): "png" | "jpeg" | "webp" | undefined {
  if (head.subarray(0, PNG.length).equals(PNG)) return "png";
  if (head.subarray(0, 3).equals(Buffer.of(0xff, 0xd8, 0xff))) return "jpeg";
  return head.toString("latin1", 0, 4) === "RIFF" && head.toString("latin1", 8, 12) === "WEBP" ? "webp" : undefined;
}

const PNG = Buffer.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

/** Bytes that tell what a file is. */
export const PICTURE_HEAD = 12;

/**
 * The bytes of a picture in so many channels, a square of `size` pixels a side where one is asked for. What is transparent is
 * laid on black, and a photograph is turned as its camera was held.
 */
export async function pixelsOf(
  picture: ReturnType<Sharp>,
  { size, channels }: { readonly size?: number | undefined; readonly channels: 1 | 3 },
): Promise<{ data: Uint8Array; width: number; height: number }> {
  const upright = picture.autoOrient().flatten({ background: "black" });
  const fitted = size === undefined ? upright : upright.resize(size, size, { fit: "cover" });
  const kept = fitted.toColourspace(channels === 1 ? "b-w" : "srgb");
  const { data, info } = await kept.raw({ depth: "uchar" }).toBuffer({ resolveWithObject: true });
  if (info.channels === channels) return { data: new Uint8Array(data), width: info.width, height: info.height };
  if (info.channels !== 1) throw new Error(`expected 1 or 3 channels, got ${info.channels}`);
  const repeated = Uint8Array.from({ length: 3 * data.length }, (_, i) => data[Math.floor(i / 3)]!);
  return { data: repeated, width: info.width, height: info.height };
}

/** Pictures that are decoded or resized at once. */
export const AT_ONCE = 16;

/** The images of a data set, shaped. Those that have that shape already are returned as they are. */
export async function reshaped(path: string, dataset: Dataset, { size, grey }: Shaping): Promise<Dataset> {
  const { height, width, channels = 1, count, images } = dataset;
  const wanted = grey ? 1 : channels;
  const [down, across] = [size ?? height, size ?? width];
  if (down === height && across === width && wanted === channels) return dataset;
  checkValues(path, count * down * across * wanted, size);
  const open = await needSharp(`${path}: images are resized and turned grey`);
  const [from, to] = [bytesAnImage(dataset), down * across * wanted];
  const result = new Uint8Array(count * to);
  for (let first = 0; first < count; first += AT_ONCE) {
    const rows = Array.from({ length: Math.min(AT_ONCE, count - first) }, (_, i) => first + i);
    await Promise.all(
      rows.map(async (row) => {
        const image = open(images.subarray(row * from, (row + 1) * from), { raw: { width, height, channels } });
        result.set((await pixelsOf(image, { size, channels: wanted })).data, row * to);
      }),
    );
  }
  const { channels: _, ...rest } = dataset;
  return { ...rest, height: down, width: across, ...(wanted === 3 && { channels: wanted }), images: result };
}

/** @throws WrongCall for more than fits into memory */
export function checkValues(path: string, values: number, size: number | undefined): void {
  if (values <= MOST_VALUES) return;
  throw new WrongCall(
    `${path}: expected at most ${formatNumber(MOST_VALUES, 0)} pixels in all (three times as many in colour), got ` +
      `${formatNumber(values, 0)}. ${size === undefined ? "Make them smaller: --size 64" : "Give a smaller --size"}, or --grey.`,
  );
}
