/** The data sets by name: where each is found, loaded, described and verified. */

import { join } from "node:path";
import { digitsCounts } from "@softdraw/experiments/data/digits-shape";
import { parseImages, parseLabels } from "@softdraw/experiments/data/idx";
import {
  type DatasetName,
  type DatasetSplits,
  datasetNames,
  isOwnData,
  isSameData,
} from "@softdraw/experiments/data/types";
import envPaths from "env-paths";
import { digitsFiles, digitsFolder, digitsSha256, loadDigits } from "./digits.ts";
import { type DownloadOptions, download } from "./downloads.ts";
import { fileSize, sha256 } from "./files.ts";
import { type FileContent, findIn, nameOf, readFiles, readFolder, readFrom, splitsOf } from "./idx-folder.ts";
import { otherData } from "./names.ts";
import { loadOwnData, type OwnDataOptions } from "./own-data.ts";
import { fileLength, type IdxFileName, type IdxSource, idxFileNames, kindOf, sources } from "./sources.ts";

export interface DatasetLocation {
  /** A folder with the four IDX files, each packed (`.gz`) or not, or the path of one's own data. Nothing is downloaded into it. */
  readonly dataDir?: string | undefined;
  /** The folder that keeps downloads; default the user's cache folder. */
  readonly cacheDir?: string | undefined;
}

export interface LoadOptions extends DatasetLocation, DownloadOptions, OwnDataOptions {
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

/**
 * Loads a data set: `digits` from the installed packages, the others from `dataDir` or else from the cache, where
 * what is missing or damaged is downloaded first. A folder has to hold what the name says, by its checksums.
 *
 * @param name of a data set, or what `nameOfData` calls one's own
 * @throws Error that names the file and what is wrong with it, or every location or mirror where it was not found
 */
export async function loadDataset(name: string, options: LoadOptions = {}): Promise<DatasetSplits> {
  if (isOwnData(name)) return loadOwnData(name, pathOf(name, options), options);
  const source = sourceOf(name);
  if (source !== undefined) return loadIdxSource(source, options);
  checkNoFolder(options);
  return loadDigits();
}

/** `loadDataset` for any set of four IDX files. */
export async function loadIdxSource(source: IdxSource, options: LoadOptions = {}): Promise<DatasetSplits> {
  const { dataDir } = options;
  if (dataDir !== undefined) return loadFolder(source, dataDir);
  return splitsOf(source.name, source.classes, await readFiles((file) => readCached(source, file, options)));
}

async function loadFolder(source: IdxSource, folder: string): Promise<DatasetSplits> {
  const files = await readFolder(folder);
  const splits = splitsOf(source.name, source.classes, files);
  const actual = nameOf(folder, files, [source]);
  if (!isSameData(source.name, actual)) throw new Error(otherData(source.name, folder, actual));
  return splits;
}

function pathOf(name: string, { dataDir }: DatasetLocation): string {
  if (dataDir !== undefined) return dataDir;
  throw new Error(`"${name}" is the data of a folder: expected that folder (--data-dir), got none.`);
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

function sourceOf(name: string): IdxSource | undefined {
  if (name === "digits") return undefined;
  const source = sources.find((candidate) => candidate.name === name);
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
    const expected = { sha256: source.sha256[file], bytes: fileLength(source, file) };
    const content = await download({ file: `${file}.gz`, urls, target, ...expected }, options);
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
  if (kindOf(file) === "images") parseImages(path, content);
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

function cacheFolder(name: string, { cacheDir }: DatasetLocation): string {
  return join(cacheDir ?? envPaths("softdraw", { suffix: "" }).cache, name);
}

function sum(sizes: readonly (number | undefined)[]): number {
  return sizes.reduce<number>((total, size) => total + (size ?? 0), 0);
}
