/** The data sets by name: where each is found, loaded, described and verified. */

import { join } from "node:path";
import { digitsCounts } from "@softdraw/experiments/data/digits-shape";
import { pairImagesWithLabels, parseImages, parseLabels } from "@softdraw/experiments/data/idx";
import { type Dataset, type DatasetName, type DatasetSplits, datasetNames } from "@softdraw/experiments/data/types";
import envPaths from "env-paths";
import { digitsFiles, digitsFolder, digitsSha256, loadDigits } from "./digits.ts";
import { type DownloadOptions, download } from "./downloads.ts";
import { fileSize, readUnpacked, sha256 } from "./files.ts";
import { fashionMnist, type IdxFileName, type IdxSource, idxFileNames, mnist } from "./sources.ts";

export interface DatasetLocation {
  /** A folder with the four IDX files, each packed (`.gz`) or not. Read as it is, without checksums or downloads. */
  readonly dataDir?: string | undefined;
  /** The folder that keeps downloads; default the user's cache folder. */
  readonly cacheDir?: string | undefined;
}

export interface LoadOptions extends DatasetLocation, DownloadOptions {
  /** Whether files that are not in the cache are downloaded; default true. */
  readonly download?: boolean | undefined;
}

export interface DatasetDescription {
  readonly name: DatasetName;
  readonly state: "embedded" | "cached" | "not here";
  /** The folder it is in, or would be in. */
  readonly path: string;
  /** On the disk. */
  readonly bytes: number;
  /** Number of training and of test images. */
  readonly train: number;
  readonly test: number;
}

export interface FileVerdict {
  readonly path: string;
  /** What is wrong with the file; undefined when it is sound. */
  readonly problem: string | undefined;
}

interface FileContent {
  readonly path: string;
  readonly content: Uint8Array;
}

type FileReader = (file: IdxFileName) => Promise<FileContent>;

/**
 * Loads a data set: `digits` from the installed packages, the others from `dataDir` or else from the cache, where
 * what is missing or damaged is downloaded first.
 *
 * @throws Error that names the file and what is wrong with it, or every location or mirror where it was not found
 */
export async function loadDataset(name: DatasetName, options: LoadOptions = {}): Promise<DatasetSplits> {
  const source = sourceOf(name);
  if (source !== undefined) return loadIdxSource(source, options);
  checkNoFolder(options);
  return loadDigits();
}

/** `loadDataset` for any set of four IDX files. */
export async function loadIdxSource(source: IdxSource, options: LoadOptions = {}): Promise<DatasetSplits> {
  const { dataDir } = options;
  const read: FileReader =
    dataDir === undefined ? (file) => readCached(source, file, options) : (file) => readFrom(dataDir, file);
  const train = await readSplit(`${source.name} train`, source.classes, "train", read);
  const test = await readSplit(`${source.name} test`, source.classes, "t10k", read);
  if (train.height !== test.height || train.width !== test.width) {
    throw new Error(
      `${source.name}: expected test images of the training images' size, ${train.height} x ${train.width}, ` +
        `got ${test.height} x ${test.width}.`,
    );
  }
  return { name: source.name, train, test };
}

/** What there is and where, without reading the files. */
export async function describeDatasets(
  location: Pick<DatasetLocation, "cacheDir"> = {},
): Promise<DatasetDescription[]> {
  return Promise.all(datasetNames.map((name) => describe(name, location)));
}

/**
 * Checks every file of a data set, its structure and its checksum, in `dataDir` or else in the cache.
 *
 * @returns a verdict a file; a file that is missing or broken is a verdict, not an error
 */
export async function verifyDataset(name: DatasetName, location: DatasetLocation = {}): Promise<FileVerdict[]> {
  const source = sourceOf(name);
  if (source !== undefined) return verifyIdxSource(source, location);
  checkNoFolder(location);
  return [{ path: digitsFolder(), problem: await problemOf(verifyDigits) }];
}

/** `verifyDataset` for any set of four IDX files. */
export async function verifyIdxSource(source: IdxSource, location: DatasetLocation = {}): Promise<FileVerdict[]> {
  const folder = location.dataDir ?? cacheFolder(source.name, location);
  return Promise.all(
    idxFileNames.map(async (file) => ({
      path: (await findIn(folder, file)) ?? join(folder, file),
      problem: await problemOf(() => verifyFile(source, folder, file)),
    })),
  );
}

function sourceOf(name: DatasetName): IdxSource | undefined {
  if (name === "digits") return undefined;
  const source = [mnist, fashionMnist].find((candidate) => candidate.name === name);
  if (source !== undefined) return source;
  throw new Error(`Unknown data set "${name}", expected one of ${datasetNames.join(", ")}.`);
}

/** Who gives a folder means its images, and would not notice that the embedded ones were used. */
function checkNoFolder({ dataDir }: DatasetLocation): void {
  if (dataDir === undefined) return;
  throw new Error(
    `The data set "digits" is embedded and reads no folder, got the folder ${dataDir}. ` +
      `Ask for ${datasetNames.filter((name) => name !== "digits").join(" or ")} to read IDX files from there.`,
  );
}

async function readSplit(name: string, classes: number, prefix: "train" | "t10k", read: FileReader): Promise<Dataset> {
  const images = await read(`${prefix}-images-idx3-ubyte`);
  const labels = await read(`${prefix}-labels-idx1-ubyte`);
  return pairImagesWithLabels(
    name,
    parseImages(images.path, images.content),
    parseLabels(labels.path, labels.content),
    classes,
  );
}

async function readFrom(folder: string, file: IdxFileName): Promise<FileContent> {
  const path = await findIn(folder, file);
  if (path === undefined) throw new Error(`${file} is missing: looked for ${candidates(folder, file).join(" and ")}.`);
  return { path, content: await readUnpacked(path) };
}

/** A cached file is used only when it can be read and its checksum is right: a damaged one heals by a new download. */
async function readCached(source: IdxSource, file: IdxFileName, options: LoadOptions): Promise<FileContent> {
  const folder = cacheFolder(source.name, options);
  const cached = await readFrom(folder, file).catch(() => undefined);
  if (cached !== undefined && sha256(cached.content) === source.sha256[file]) return cached;
  if (options.download ?? true) return downloadInto(folder, source, file, options);
  throw new Error(
    `${file} of ${source.name} is missing or damaged in ${folder}, and downloads are off. ` +
      `Run "softdraw data fetch ${source.name}", or give a folder that holds the four IDX files (--data-dir).`,
  );
}

async function downloadInto(folder: string, source: IdxSource, file: IdxFileName, options: LoadOptions) {
  const target = join(folder, `${file}.gz`);
  const urls = source.mirrors.map((mirror) => `${mirror}${file}.gz`);
  try {
    const content = await download({ file: `${file}.gz`, urls, target, sha256: source.sha256[file] }, options);
    return { path: target, content };
  } catch (error) {
    options.signal?.throwIfAborted();
    const advice = "Without a connection, give a folder that holds the four IDX files (--data-dir).";
    throw new Error(`${(error as Error).message}\n${advice}`, { cause: error });
  }
}

async function describe(name: DatasetName, location: DatasetLocation): Promise<DatasetDescription> {
  const source = sourceOf(name);
  if (source === undefined) {
    const sizes = await Promise.all(digitsFiles().map(fileSize));
    return { name, state: "embedded", path: digitsFolder(), bytes: sum(sizes), ...digitsCounts };
  }
  const path = cacheFolder(name, location);
  const found = await Promise.all(idxFileNames.map((file) => findIn(path, file)));
  const sizes = await Promise.all(found.map((file) => (file === undefined ? undefined : fileSize(file))));
  const state = found.includes(undefined) ? "not here" : "cached";
  return { name, state, path, bytes: sum(sizes), train: source.train, test: source.test };
}

async function verifyFile(source: IdxSource, folder: string, file: IdxFileName): Promise<void> {
  const { path, content } = await readFrom(folder, file);
  if (file.includes("images")) parseImages(path, content);
  else parseLabels(path, content);
  checkSha256(path, sha256(content), source.sha256[file]);
}

async function verifyDigits(): Promise<void> {
  const { train, test } = await loadDigits();
  checkSha256(digitsFolder(), sha256(train.images, train.labels, test.images, test.labels), digitsSha256);
}

function checkSha256(path: string, actual: string, expected: string): void {
  if (actual === expected) return;
  throw new Error(`${path}: expected the SHA-256 ${expected} of the uncompressed bytes, got ${actual}.`);
}

async function problemOf(verify: () => Promise<void>): Promise<string | undefined> {
  return verify().then(
    () => undefined,
    (error: Error) => error.message,
  );
}

async function findIn(folder: string, file: IdxFileName): Promise<string | undefined> {
  for (const path of candidates(folder, file)) if ((await fileSize(path)) !== undefined) return path;
  return undefined;
}

/** Unpacked first: it is read faster. */
function candidates(folder: string, file: IdxFileName): string[] {
  return [join(folder, file), join(folder, `${file}.gz`)];
}

function cacheFolder(name: string, { cacheDir }: DatasetLocation): string {
  return join(cacheDir ?? envPaths("softdraw", { suffix: "" }).cache, name);
}

function sum(sizes: readonly (number | undefined)[]): number {
  return sizes.reduce<number>((total, size) => total + (size ?? 0), 0);
}
