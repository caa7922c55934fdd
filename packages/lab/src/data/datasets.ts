/** The data sets by name: where each is found, loaded, described and verified. */

import { basename, join, resolve } from "node:path";
import { digitsCounts } from "@softdraw/experiments/data/digits-shape";
import {
  type IdxKind,
  idxHeaderLength,
  idxLength,
  pairImagesWithLabels,
  parseImages,
  parseLabels,
} from "@softdraw/experiments/data/idx";
import {
  type Dataset,
  type DatasetName,
  type DatasetSplits,
  datasetNames,
  isOwnData,
  isSameData,
} from "@softdraw/experiments/data/types";
import envPaths from "env-paths";
import { digitsFiles, digitsFolder, digitsSha256, loadDigits } from "./digits.ts";
import { type DownloadOptions, download } from "./downloads.ts";
import { fileSize, readUnpacked, sha256 } from "./files.ts";
import { CLASSES, fileLength, type IdxFileName, type IdxSource, idxFileNames, kindOf, sources } from "./sources.ts";

export interface DatasetLocation {
  /** A folder with the four IDX files, each packed (`.gz`) or not. Nothing is downloaded into it. */
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

type Files = Readonly<Record<IdxFileName, FileContent>>;

type FileReader = (file: IdxFileName) => Promise<FileContent>;

/**
 * Loads a data set: `digits` from the installed packages, the others from `dataDir` or else from the cache, where
 * what is missing or damaged is downloaded first. A folder has to hold what the name says, by its checksums.
 *
 * @param name of a data set, or what `nameOfFolder` calls the data of a folder
 * @throws Error that names the file and what is wrong with it, or every location or mirror where it was not found
 */
export async function loadDataset(name: string, options: LoadOptions = {}): Promise<DatasetSplits> {
  if (isOwnData(name)) return loadFolder(name, folderOf(name, options), CLASSES, sources);
  const source = sourceOf(name);
  if (source !== undefined) return loadIdxSource(source, options);
  checkNoFolder(options);
  return loadDigits();
}

/** `loadDataset` for any set of four IDX files. */
export async function loadIdxSource(source: IdxSource, options: LoadOptions = {}): Promise<DatasetSplits> {
  const { dataDir } = options;
  if (dataDir !== undefined) return loadFolder(source.name, dataDir, source.classes, [source]);
  return splitsOf(source.name, source.classes, await readFiles((file) => readCached(source, file, options)));
}

/**
 * What the data in a folder is called: the data set that it is by its checksums, or else after the folder and the bytes,
 * such as "letters-3fa91c02", so that nobody takes it for another.
 *
 * @throws Error as `loadDataset` does, for files that are missing or cannot be read
 */
export async function nameOfFolder(folder: string): Promise<string> {
  return nameOf(folder, await readFiles((file) => readFrom(folder, file)), sources);
}

async function loadFolder(name: string, folder: string, classes: number, known: readonly IdxSource[]) {
  const files = await readFiles((file) => readFrom(folder, file));
  const splits = splitsOf(name, classes, files);
  const actual = nameOf(folder, files, known);
  if (!isSameData(name, actual)) throw new Error(otherData(name, folder, actual));
  return splits;
}

/** What to say of a folder with other data than that of a name. */
export function otherData(name: string, folder: string, actual: string): string {
  const remedy = isOwnData(actual) && !isOwnData(name) ? ` (by that name, --data ${actual}, they are taken)` : "";
  return `${folder}: expected the data "${name}", got files that are "${actual}" by their checksums${remedy}.`;
}

function folderOf(name: string, { dataDir }: DatasetLocation): string {
  if (dataDir !== undefined) return dataDir;
  throw new Error(`"${name}" is the data of a folder: expected that folder (--data-dir), got none.`);
}

async function readFiles(read: FileReader): Promise<Files> {
  const entries: [IdxFileName, FileContent][] = [];
  for (const file of idxFileNames) entries.push([file, await read(file)]);
  return Object.fromEntries(entries) as Files;
}

function splitsOf(name: string, classes: number, files: Files): DatasetSplits {
  const train = splitOf(`${name} train`, classes, "train", files);
  const test = splitOf(`${name} test`, classes, "t10k", files);
  if (train.height !== test.height || train.width !== test.width) {
    throw new Error(
      `${name}: expected test images of the training images' size, ${train.height} x ${train.width}, ` +
        `got ${test.height} x ${test.width}.`,
    );
  }
  return { name, train, test };
}

function splitOf(name: string, classes: number, prefix: "train" | "t10k", files: Files): Dataset {
  const [images, labels] = [files[`${prefix}-images-idx3-ubyte`], files[`${prefix}-labels-idx1-ubyte`]];
  return pairImagesWithLabels(
    name,
    parseImages(images.path, images.content),
    parseLabels(labels.path, labels.content),
    classes,
  );
}

function nameOf(folder: string, files: Files, known: readonly IdxSource[]): string {
  const sums = idxFileNames.map((file) => sha256(files[file].content));
  const source = known.find((source) => idxFileNames.every((file, i) => source.sha256[file] === sums[i]));
  return source?.name ?? `${labelOf(folder)}-${sha256(Buffer.from(sums.join(" "))).slice(0, 8)}`;
}

/** A folder's own name, as far as it may stand in a name of data. */
function labelOf(folder: string): string {
  const words = basename(resolve(folder))
    .toLowerCase()
    .match(/[a-z0-9]+/g) ?? ["data"];
  return words.join("-").slice(0, 40).replace(/-$/, "");
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

async function readFrom(folder: string, file: IdxFileName): Promise<FileContent> {
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

async function findIn(folder: string, file: IdxFileName): Promise<string | undefined> {
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

function cacheFolder(name: string, { cacheDir }: DatasetLocation): string {
  return join(cacheDir ?? envPaths("softdraw", { suffix: "" }).cache, name);
}

function sum(sizes: readonly (number | undefined)[]): number {
  return sizes.reduce<number>((total, size) => total + (size ?? 0), 0);
}
