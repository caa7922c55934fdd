/** One's own data as a folder of pictures. */

import { open, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { isPictureName } from "@softdraw/experiments/data/picture-names";
import { type Dataset, MOST_CLASSES } from "@softdraw/experiments/data/types";
import { foreignText } from "@softdraw/experiments/foreign-text";
import { WrongCall } from "../errors.ts";
import { formatNumber } from "../report/numbers.ts";
import { sha256 } from "./files.ts";
import { describeFacts, rangeOf } from "./image-facts.ts";
import type { DataKind, LeftOut, OwnImages, Shaping } from "./kind.ts";
import { ownName } from "./names.ts";
import type { Place } from "./places.ts";
import {
  AT_ONCE,
  checkValues,
  MOST_PIXELS,
  needSharp,
  PICTURE_HEAD,
  pictureFormat,
  pixelsOf,
  type Sharp,
} from "./sharp.ts";

export const pictures: DataKind = {
  name: "pictures",
  words: "a folder of pictures (PNG, JPEG or WebP; its folders are classes)",
  recognizes: ({ isFolder }) => isFolder,
  nameOf: async (place) => ownName(place.path, await checksumOf(place, await findPictures(place))),
  describe,
  load,
};

// Files ---------------------------------------------------------------------------------------------------------------

/** What has a picture's name. */
interface Candidate {
  /** From the folder of the data on, with slashes. */
  readonly name: string;
  readonly part: Part;
  /** The folder that it is in, if folders are classes. */
  readonly className: string | undefined;
}

type Part = "train" | "test";

interface Found {
  readonly candidates: readonly Candidate[];
  readonly leftOut: readonly LeftOut[];
  readonly hasTest: boolean;
}

/** The files of pictures. A folder with `train` and `test` in it has a part in each of these. */
async function findPictures({ path, names }: Place): Promise<Found> {
  const leftOut: LeftOut[] = [];
  const hasTest = names.includes("train") && names.includes("test");
  const candidates: Candidate[] = [];
  if (hasTest) {
    for (const name of names.filter((name) => name !== "train" && name !== "test")) {
      leftOut.push({ what: name, why: "beside train and test" });
    }
    for (const part of ["train", "test"] as const) candidates.push(...(await findPart(path, part, part, leftOut)));
  } else {
    candidates.push(...(await findPart(path, "", "train", leftOut)));
  }
  if (!candidates.some(({ part }) => part === "train")) {
    throw new WrongCall(
      `${path}: expected PNG, JPEG or WebP files, or folders of them, got ${leftOut.length === 0 ? "an empty folder" : "none"}.`,
    );
  }
  return { candidates, leftOut, hasTest };
}

/** The pictures of a part: in its folders, each a class, or where there is none in the folder itself. */
async function findPart(path: string, folder: string, part: Part, leftOut: LeftOut[]): Promise<Candidate[]> {
  const { folders, files } = await entriesOf(path, folder, leftOut);
  const candidates: Candidate[] = [];
  for (const name of files) {
    if (folders.length === 0) candidates.push({ name: joined(folder, name), part, className: undefined });
    else leftOut.push({ what: joined(folder, name), why: "beside the folders of the classes" });
  }
  for (const className of folders) {
    const inside = joined(folder, className);
    const { folders: deeper, files } = await entriesOf(path, inside, leftOut);
    for (const name of deeper) leftOut.push({ what: `${inside}/${name}`, why: "a folder in that of a class" });
    if (files.length === 0) leftOut.push({ what: inside, why: "a folder without pictures" });
    for (const name of files) candidates.push({ name: `${inside}/${name}`, part, className });
  }
  return candidates;
}

/** The folders, and the files that have a picture's name, both in order. */
async function entriesOf(path: string, folder: string, leftOut: LeftOut[]) {
  const [folders, files]: [string[], string[]] = [[], []];
  for (const name of (await readdir(join(path, folder))).sort()) {
    const what = joined(folder, name);
    // A link is what it leads to.
    const there = await stat(join(path, what)).catch(() => undefined);
    if (name.startsWith(".")) leftOut.push({ what, why: "hidden" });
    else if (there?.isDirectory()) folders.push(name);
    else if (!there?.isFile()) leftOut.push({ what, why: "neither a file nor a folder" });
    else if (!isPictureName(name)) leftOut.push({ what, why: "not named as a PNG, JPEG or WebP file" });
    else files.push(name);
  }
  return { folders, files };
}

function joined(folder: string, name: string): string {
  return folder === "" ? name : `${folder}/${name}`;
}

/** SHA-256 of the names and the bytes of all files that have a picture's name. */
async function checksumOf({ path }: Place, { candidates }: Found): Promise<string> {
  const lines: string[] = [];
  for (const { name } of candidates) lines.push(`${name} ${await checksumOfFile(join(path, name))}\n`);
  return sha256(Buffer.from(lines.join("")));
}

async function checksumOfFile(file: string): Promise<string> {
  const { size } = await stat(file);
  // What is too long to be read is told apart by its length.
  return size > MOST_BYTES ? `${size}` : sha256(await readFile(file));
}

/** Bytes of a picture's file at most: as many pixels of four bytes, without any compression. */
const MOST_BYTES = 4 * MOST_PIXELS;

// Headers -------------------------------------------------------------------------------------------------------------

/** A file that begins as a picture. */
interface Header extends Candidate {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
}

/** What the files say of themselves. Nothing is decoded. */
async function readHeaders(sharp: Sharp, path: string, candidates: readonly Candidate[], leftOut: LeftOut[]) {
  const headers: Header[] = [];
  for (const candidate of candidates) {
    const read = readHeader(sharp, join(path, candidate.name));
    const header = await read.catch((error: Error) => error);
    if (header instanceof Error) leftOut.push({ what: candidate.name, why: reasonOf(header) });
    else headers.push({ ...candidate, ...header });
  }
  return headers;
}

async function readHeader(sharp: Sharp, file: string): Promise<Pick<Header, "width" | "height" | "channels">> {
  const { size } = await stat(file);
  if (size === 0) throw new Error("empty");
  if (size > MOST_BYTES) throw new Error(`more than ${formatNumber(MOST_BYTES, 0)} bytes`);
  if (pictureFormat(await firstBytes(file, PICTURE_HEAD)) === undefined) throw new Error("no PNG, JPEG or WebP file");
  const { autoOrient, width, height, space } = await sharp(file, { limitInputPixels: false }).metadata();
  const pixels = width * height;
  if (pixels > MOST_PIXELS)
    throw new Error(`more than ${formatNumber(MOST_PIXELS, 0)} pixels, ${formatNumber(pixels, 0)}`);
  return {
    width: autoOrient.width,
    height: autoOrient.height,
    channels: space === "b-w" || space === "grey16" ? 1 : 3,
  };
}

async function firstBytes(file: string, count: number): Promise<Buffer> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(count), 0, count, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** A decoder's own words, on one line. */
function reasonOf({ message }: Error): string {
  return foreignText(message.trim().split("\n")[0]!);
}

// Pixels --------------------------------------------------------------------------------------------------------------

async function load(place: Place, { size, grey }: Shaping): Promise<OwnImages> {
  const { path } = place;
  const found = await findPictures(place);
  const leftOut = [...found.leftOut];
  const sharp = await needSharp(`${path}: pictures are read`);
  const headers = await readHeaders(sharp, path, found.candidates, leftOut);
  checkSomeLeft(path, headers, { ...found, leftOut });
  if (size === undefined) checkOneSize(path, headers);
  const [height, width] = size === undefined ? [headers[0]!.height, headers[0]!.width] : [size, size];
  // One picture in colour makes all of them so.
  const channels = grey ? 1 : (Math.max(...new Set(headers.map(({ channels }) => channels))) as 1 | 3);
  checkValues(path, headers.length * height * width * channels, size);
  const classNames = classesOf(path, headers);
  const parts: Dataset[] = [];
  const names: string[] = [];
  for (const part of ["train", "test"] as const) {
    const own = headers.filter((header) => header.part === part);
    const shape = { height, width, channels, classNames };
    parts.push(await decodePart(sharp, path, own, shape, { leftOut, names }));
  }
  const [train, test] = parts as [Dataset, Dataset];
  if (train.count === 0 || (found.hasTest && test.count === 0)) throw noneLeft(path, leftOut);
  return { train, test: found.hasTest ? test : undefined, names, isOrdered: false, leftOut };
}

type PartShape = Required<Pick<Dataset, "height" | "width" | "channels" | "classNames">>;

/** The pictures of a part, but for those that turn out to be damaged. */
async function decodePart(
  sharp: Sharp,
  path: string,
  headers: readonly Header[],
  shape: PartShape,
  { leftOut, names }: { readonly leftOut: LeftOut[]; readonly names: string[] },
) {
  const { height, width, channels, classNames } = shape;
  const size = height * width * channels;
  const [images, labels] = [new Uint8Array(headers.length * size), new Uint8Array(headers.length)];
  let count = 0;
  for await (const { header, data } of decoded(sharp, path, headers, { height, width, channels }, leftOut)) {
    images.set(data, count * size);
    names.push(header.name);
    labels[count++] = Math.max(0, classNames.indexOf(header.className ?? ""));
  }
  return {
    name: path,
    count,
    height,
    width,
    ...(channels === 3 && { channels }),
    classes: Math.max(1, classNames.length),
    ...(classNames.length > 0 && { classNames }),
    images: images.subarray(0, count * size),
    labels: labels.subarray(0, count),
  } satisfies Dataset;
}

/** The bytes of pictures, some decoded at once, in their order. */
async function* decoded(
  sharp: Sharp,
  path: string,
  headers: readonly Header[],
  shape: { readonly height: number; readonly width: number; readonly channels: 1 | 3 } | undefined,
  leftOut: LeftOut[],
): AsyncGenerator<{ header: Header; data: Uint8Array }> {
  for (const block of blocksOf(headers)) {
    const pictures = await Promise.all(
      block
        .map(async (header) => {
          const bytes = await readFile(join(path, header.name));
          const isFitting = shape === undefined || (header.height === shape.height && header.width === shape.width);
          const size = isFitting ? undefined : shape.height;
          const channels = shape?.channels ?? header.channels;
          const picture = await pixelsOf(sharp(bytes, { limitInputPixels: MOST_PIXELS }), { size, channels });
          const { height, width } = shape ?? header;
          if (picture.height === height && picture.width === width) return picture;
          throw new Error(`expected ${height} x ${width} pixels, got ${picture.height} x ${picture.width}`);
        })
        .map((read) => read.catch((error: Error) => error)),
    );
    for (const [i, picture] of pictures.entries()) {
      const header = block[i]!;
      if (picture instanceof Error) leftOut.push({ what: header.name, why: `damaged: ${reasonOf(picture)}` });
      else yield { header, data: picture.data };
    }
  }
}

/** Pictures that are decoded at once: together no more pixels than a single one may have. */
function* blocksOf(headers: readonly Header[]): Generator<Header[]> {
  let [block, pixels]: [Header[], number] = [[], 0];
  for (const header of headers) {
    const own = header.height * header.width;
    if (block.length === AT_ONCE || (block.length > 0 && pixels + own > MOST_PIXELS)) {
      yield block;
      [block, pixels] = [[], 0];
    }
    block.push(header);
    pixels += own;
  }
  if (block.length > 0) yield block;
}

function checkSomeLeft(path: string, headers: readonly Header[], { leftOut, hasTest }: Found): void {
  const isThere = (part: Part) => headers.some((header) => header.part === part);
  if (!isThere("train") || (hasTest && !isThere("test"))) throw noneLeft(path, leftOut);
}

function noneLeft(path: string, leftOut: readonly LeftOut[]): Error {
  const last = leftOut.at(-1);
  const reason = last === undefined ? "" : ` (${foreignText(last.what)}: ${last.why})`;
  return new Error(`${path}: expected pictures that can be read, in every part, got none${reason}.`);
}

/** @throws WrongCall that says which sizes there are */
function checkOneSize(path: string, headers: readonly Header[]): void {
  const sizes = Object.entries(countedBy(headers, sizeOf)).sort(([, a], [, b]) => b - a);
  if (sizes.length === 1) return;
  const shown = sizes.slice(0, 3).map(([size, count]) => `${size} (${formatNumber(count, 0)})`);
  const more = sizes.length > 3 ? ` and ${sizes.length - 3} other sizes` : "";
  throw new WrongCall(
    `${path}: expected pictures of one size, got ${shown.join(", ")}${more}, height x width. Make them equal: --size 28`,
  );
}

function sizeOf({ height, width }: Header): string {
  return `${height} x ${width}`;
}

/** The folders of the training part, in order; none where there are no folders. */
function classesOf(path: string, headers: readonly Header[]): string[] {
  const namesOf = (part: Part) => [
    ...new Set(headers.filter((h) => h.part === part).map(({ className = "" }) => className)),
  ];
  const [train, test] = [namesOf("train"), namesOf("test")];
  const strange = test.find((name) => !train.includes(name));
  if (strange !== undefined) {
    throw new Error(
      `${path}: expected classes of train in test, got ${strange === "" ? "none" : `"${foreignText(strange)}"`}.`,
    );
  }
  if (train.length > MOST_CLASSES) {
    throw new Error(`${path}: expected at most ${MOST_CLASSES} folders, each a class, got ${train.length}.`);
  }
  return train.filter((name) => name !== "").sort();
}

function countedBy(headers: readonly Header[], nameOf: (header: Header) => string): Record<string, number> {
  const counts = new Map<string, number>();
  for (const header of headers) counts.set(nameOf(header), (counts.get(nameOf(header)) ?? 0) + 1);
  return Object.fromEntries(counts);
}

// Description ---------------------------------------------------------------------------------------------------------

async function describe(place: Place) {
  const { path } = place;
  const found = await findPictures(place);
  const leftOut = [...found.leftOut];
  const sharp = await needSharp(`${path}: pictures are read`);
  const headers = await readHeaders(sharp, path, found.candidates, leftOut);
  checkSomeLeft(path, headers, { ...found, leftOut });
  classesOf(path, headers);
  const ranges = new Map<Header, [number, number]>();
  for await (const { header, data } of decoded(sharp, path, headers, undefined, leftOut))
    ranges.set(header, rangeOf(data));
  const factsOf = (part: Part) => {
    const sound = headers.filter((header) => header.part === part && ranges.has(header));
    const own = sound.map((header) => ranges.get(header)!);
    return {
      count: sound.length,
      sizes: countedBy(sound, sizeOf),
      channels: sound.some(({ channels }) => channels === 3) ? (3 as const) : (1 as const),
      classes: countedBy(sound, ({ className = "0" }) => className),
      smallest: own.reduce((least, [smallest]) => Math.min(least, smallest), 255),
      largest: own.reduce((most, [, largest]) => Math.max(most, largest), 0),
    };
  };
  const checksum = await checksumOf(place, found);
  const test = found.hasTest ? factsOf("test") : undefined;
  return describeFacts({ kind: "pictures", train: factsOf("train"), test, leftOut, checksum });
}
