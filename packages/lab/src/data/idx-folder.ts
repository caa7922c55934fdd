/** A folder with the four IDX files of MNIST and its relatives, each packed (`.gz`) or not. */

import { join } from "node:path";
import {
  type IdxKind,
  idxHeaderLength,
  idxLength,
  pairImagesWithLabels,
  parseImages,
  parseLabels,
} from "@softdraw/experiments/data/idx";
import { type Dataset, type DatasetSplits, MOST_CLASSES } from "@softdraw/experiments/data/types";
import { fileSize, readUnpacked, sha256 } from "./files.ts";
import { ownName } from "./names.ts";
import { type IdxFileName, type IdxSource, idxFileNames, kindOf, sources } from "./sources.ts";

export interface FileContent {
  readonly path: string;
  readonly content: Uint8Array;
}

export type Files = Readonly<Record<IdxFileName, FileContent>>;

type FileReader = (file: IdxFileName) => Promise<FileContent>;

/** All four files of a folder. */
export function readFolder(folder: string): Promise<Files> {
  return readFiles((file) => readFrom(folder, file));
}

export async function readFiles(read: FileReader): Promise<Files> {
  const entries: [IdxFileName, FileContent][] = [];
  for (const file of idxFileNames) entries.push([file, await read(file)]);
  return Object.fromEntries(entries) as Files;
}

/** @param classes labels must be below this; without, there are as many as the labels say */
export function splitsOf(name: string, classes: number | undefined, files: Files): DatasetSplits {
  const train = splitOf(`${name} train`, classes, "train", files);
  const test = splitOf(`${name} test`, classes, "t10k", files);
  if (train.height !== test.height || train.width !== test.width) {
    throw new Error(
      `${name}: expected test images of the training images' size, ${train.height} x ${train.width}, ` +
        `got ${test.height} x ${test.width}.`,
    );
  }
  if (classes !== undefined) return { name, train, test };
  const found = Math.max(
    ...[train, test].map(({ labels }) => labels.reduce((most, label) => Math.max(most, label)) + 1),
  );
  return { name, train: { ...train, classes: found }, test: { ...test, classes: found } };
}

function splitOf(name: string, classes: number | undefined, prefix: "train" | "t10k", files: Files): Dataset {
  const [images, labels] = [files[`${prefix}-images-idx3-ubyte`], files[`${prefix}-labels-idx1-ubyte`]];
  return pairImagesWithLabels(
    name,
    parseImages(images.path, images.content),
    parseLabels(labels.path, labels.content),
    classes ?? MOST_CLASSES,
  );
}

/** SHA-256 of the four checksums. */
export function checksumOf(files: Files): string {
  return sha256(Buffer.from(idxFileNames.map((file) => sha256(files[file].content)).join(" ")));
}

/** What the files of a folder are called, given the data sets that are known. */
export function nameOf(folder: string, files: Files, known: readonly IdxSource[]): string {
  const sums = idxFileNames.map((file) => sha256(files[file].content));
  const source = known.find((source) => idxFileNames.every((file, i) => source.sha256[file] === sums[i]));
  return source?.name ?? ownName(folder, checksumOf(files));
}

export async function readFrom(folder: string, file: IdxFileName): Promise<FileContent> {
  const path = await findIn(folder, file);
  if (path === undefined) {
    const [name, dotted] = fileNames(file);
    throw new Error(`${file} is missing: looked in ${folder} for ${name} and ${dotted}, packed (.gz) or not.`);
  }
  return { path, content: await readIdx(path, kindOf(file)) };
}

function readIdx(path: string, kind: IdxKind): Promise<Uint8Array> {
  return readUnpacked(path, { head: idxHeaderLength(kind), length: (head) => idxLength(path, head, kind) });
}

export async function findIn(folder: string, file: IdxFileName): Promise<string | undefined> {
  for (const path of candidates(folder, file)) if ((await fileSize(path)) !== undefined) return path;
  return undefined;
}

/** Unpacked first: it is read faster. */
function candidates(folder: string, file: IdxFileName): string[] {
  return fileNames(file).flatMap((name) => [join(folder, name), join(folder, `${name}.gz`)]);
}

/** As a file is published, and with the dot that some programs give it when they unpack it. */
function fileNames(file: IdxFileName): string[] {
  return [file, file.replace("-idx", ".idx")];
}

/**
 * What the data in a folder is called: the data set that it is by its checksums, or else after the folder and the bytes,
 * such as "letters-3fa91c02", so that nobody takes it for another.
 *
 * @throws Error as `loadDataset` does, for files that are missing or cannot be read
 */
export async function nameOfFolder(folder: string): Promise<string> {
  return nameOf(folder, await readFolder(folder), sources);
}

/** Whether a file of a folder has one of the four names, in any of their forms. */
export function isIdxFile(name: string): boolean {
  return idxFileNames.some((file) => candidates("", file).includes(name));
}
