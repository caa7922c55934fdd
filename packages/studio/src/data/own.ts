/** One's own data in a page: files that the reader has chosen. They stay in the page. */

import { type NumpyArray, parseNpy } from "@softdraw/experiments/data/npy";
import { parseNpz } from "@softdraw/experiments/data/npz";
import { imagesOfArrays } from "@softdraw/experiments/data/own-arrays";
import { isPictureName } from "@softdraw/experiments/data/picture-names";
import { mixedSplits, splitByShare, TEST_SHARE } from "@softdraw/experiments/data/splits";
import { type Dataset, type DatasetSplits, MOST_CLASSES, ownDataName } from "@softdraw/experiments/data/types";
import { sha256 } from "../checksum.ts";

export interface Shape {
  /** Pixels a side of pictures, which are cut to squares from their middle. Arrays keep their sizes. */
  readonly size: number;
  readonly grey: boolean;
}

interface OwnData {
  readonly splits: DatasetSplits;
  /** Files that could not be read as pictures. */
  readonly leftOut: readonly string[];
}

interface Images {
  readonly label: string;
  readonly checksum: string;
  readonly train: Dataset;
  readonly test?: Dataset | undefined;
  readonly leftOut: readonly string[];
}

const IS_ARRAY = /\.np[yz]$/i;

/** Values of all pictures at most, a byte each: a page has less memory than the command line. */
const MOST_VALUES = 2 ** 28;

/**
 * The images in arrays of NumPy, or else in the pictures of a folder, whose folders are classes. What has no test set is split as
 * the command line splits it.
 *
 * @throws Error that says what was expected and what came
 */
export async function readOwnData(files: readonly File[], shape: Shape): Promise<OwnData> {
  const arrays = files.filter(({ name }) => IS_ARRAY.test(name));
  const images = arrays.length > 0 ? await readArrays(arrays) : await readPictures(files, shape);
  const name = ownDataName(images.label, images.checksum);
  const [train, test] = [images.train, images.test].map((part) => part && (shape.grey ? greyed(part) : part));
  const splits =
    test === undefined
      ? await splitByShare(name, { ...train!, name }, TEST_SHARE)
      : await mixedSplits({
          name,
          train: { ...train!, name: `${name} train` },
          test: { ...test, name: `${name} test` },
        });
  return { splits, leftOut: images.leftOut };
}

// Arrays --------------------------------------------------------------------------------------------------------------

async function readArrays(files: readonly File[]): Promise<Images> {
  const sorted = files.toSorted((a, b) => compare(a.name, b.name));
  const [first] = sorted as [File];
  const contents = await Promise.all(sorted.map(bytesOf));
  if (/z$/i.test(first.name) || sorted.length === 1) {
    const [content] = contents as [Uint8Array<ArrayBuffer>];
    const found = /z$/i.test(first.name)
      ? parseNpz(first.name, content)
      : new Map([["images", parseNpy(first.name, content)]]);
    return imagesIn(first.name.replace(IS_ARRAY, ""), await checksumOf(content), found);
  }
  const found = new Map(sorted.map(({ name }, i) => [name.replace(IS_ARRAY, ""), parseNpy(name, contents[i]!)]));
  const lines = await Promise.all(sorted.map(async ({ name }, i) => `${name} ${await checksumOf(contents[i]!)}\n`));
  return imagesIn(folderOf(first) ?? "arrays", await checksumOf(new TextEncoder().encode(lines.join(""))), found);
}

function imagesIn(label: string, checksum: string, found: ReadonlyMap<string, NumpyArray>): Images {
  const { strangers, ...images } = imagesOfArrays(label, found);
  return { label, checksum, ...images, leftOut: strangers };
}

// Pictures ------------------------------------------------------------------------------------------------------------

/** A file with the folder that is its class, if it lies in one. */
interface Candidate {
  readonly file: File;
  /** From the chosen folder on. */
  readonly name: string;
  readonly className: string;
}

async function readPictures(files: readonly File[], { size }: Shape): Promise<Images> {
  const candidates = candidatesOf(files);
  if (candidates.length === 0) throw new Error("Expected PNG, JPEG or WebP files, or .npy or .npz files, got none.");
  const values = candidates.length * size * size * 3;
  if (values > MOST_VALUES) throw new Error(`Expected at most ${MOST_VALUES} bytes of pixels in all, got ${values}.`);
  const classNames = [...new Set(candidates.map(({ className }) => className))];
  if (classNames.length > MOST_CLASSES) {
    throw new Error(`Expected at most ${MOST_CLASSES} folders, each a class, got ${classNames.length}.`);
  }
  const [images, labels, lines, leftOut] = [new Uint8Array(values), [] as number[], [] as string[], [] as string[]];
  for (const { file, name, className } of candidates) {
    lines.push(`${name} ${await checksumOf(await bytesOf(file))}\n`);
    const pixels = await decoded(file, size).catch(() => undefined);
    if (pixels === undefined) leftOut.push(name);
    else {
      images.set(pixels, labels.length * size * size * 3);
      labels.push(classNames.indexOf(className));
    }
  }
  if (labels.length === 0) throw new Error(`Expected pictures that this browser can read, got ${leftOut[0]}.`);
  const label = folderOf(candidates[0]!.file) ?? "pictures";
  const train: Dataset = {
    name: label,
    count: labels.length,
    height: size,
    width: size,
    channels: 3,
    classes: classNames.length,
    ...(classNames.length > 1 && { classNames }),
    images: images.subarray(0, labels.length * size * size * 3),
    labels: Uint8Array.from(labels),
  };
  return { label, checksum: await checksumOf(new TextEncoder().encode(lines.join(""))), train, leftOut };
}

/** The pictures in the order of their folders and names; where there are folders, those beside them are none. */
function candidatesOf(files: readonly File[]): Candidate[] {
  const all = files
    .filter(({ name }) => isPictureName(name) && !name.startsWith("."))
    .map((file) => {
      const inside = pathOf(file).slice(1);
      return { file, name: inside.join("/") || file.name, className: inside.slice(0, -1).join("/") };
    });
  const inFolders = all.filter(({ className }) => className !== "");
  return (inFolders.length > 0 ? inFolders : all).toSorted(
    (a, b) => compare(a.className, b.className) || compare(a.name, b.name),
  );
}

/** By code units, as the command line orders names. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Of a file in a chosen folder, that folder and what leads from there; of another file, its name. */
function pathOf({ webkitRelativePath, name }: File): string[] {
  return (webkitRelativePath || name).split("/");
}

function folderOf(file: File): string | undefined {
  return pathOf(file).length > 1 ? pathOf(file)[0] : undefined;
}

/** The square in the middle of a picture, on black, as red, green and blue. */
async function decoded(file: Blob, size: number): Promise<Uint8Array> {
  const bitmap = await createImageBitmap(file);
  const side = Math.min(bitmap.width, bitmap.height);
  const context = new OffscreenCanvas(size, size).getContext("2d")!;
  context.fillStyle = "black";
  context.fillRect(0, 0, size, size);
  context.imageSmoothingQuality = "high";
  const [left, top] = [(bitmap.width - side) / 2, (bitmap.height - side) / 2];
  context.drawImage(bitmap, left, top, side, side, 0, 0, size, size);
  bitmap.close();
  return context.getImageData(0, 0, size, size).data.filter((_, i) => i % 4 < 3) as unknown as Uint8Array;
}

/** Rec. 601, as the jigsaw sees colours. */
function greyed(dataset: Dataset): Dataset {
  const { channels = 1, images, ...rest } = dataset;
  if (channels === 1) return dataset;
  const grey = Uint8Array.from({ length: images.length / 3 }, (_, i) =>
    Math.round(0.299 * images[3 * i]! + 0.587 * images[3 * i + 1]! + 0.114 * images[3 * i + 2]!),
  );
  return { ...rest, images: grey };
}

async function bytesOf(file: Blob): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await file.arrayBuffer());
}

function checksumOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return sha256("Data of one's own", bytes);
}
