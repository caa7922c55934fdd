/** Files that are there whole or not at all, whenever the process is killed or the disk fills up. */

import { randomBytes } from "node:crypto";
import { constants, type FileHandle, mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";

const TEMPORARY = ".tmp";

const REASONS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EEXIST: "there is something of that name",
  EBADF: "it is closed",
  EDQUOT: "the disk quota is used up",
  EFBIG: "it is larger than this process or file system allows",
  EIO: "the device does not take it",
  EISDIR: "a folder has that name",
  ENOENT: "its folder does not exist",
  ENOSPC: "the disk is full",
  ENOTDIR: "a part of its path is not a folder",
  EPERM: "not permitted",
  EROFS: "the file system is read-only",
};

/**
 * Replaces the file at `path`, or makes it, in one step: readers, and whoever looks after a crash, find the old bytes
 * or the new ones.
 *
 * Throws, with the old file as it was and nothing left beside it, when the new one cannot be written (see `writeFailure`).
 */
export async function writeAtomically(path: string, data: string | Uint8Array): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString("hex")}${TEMPORARY}`;
  const there = await stat(path).catch(() => undefined);
  // A new name in its place would take away a device, or the end of a pipe that somebody reads.
  if (there && !there.isFile() && !there.isDirectory()) {
    throw new Error(`cannot write ${path}: it is a device or a pipe, and no file`);
  }
  try {
    await writeSynced(temporary, data);
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await discard(temporary);
    throw writeFailure(path, error);
  }
}

/** Makes a folder, and those above it, unless it is there. */
export async function ensureFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true }).catch((error) => {
    throw writeFailure(path, error);
  });
}

/** Makes a new file and waits until the disk has its bytes. Throws as the file system does, also if the file exists. */
export async function writeSynced(path: string, data: string | Uint8Array): Promise<void> {
  const handle = await open(path, "wx");
  try {
    await handle.writeFile(data);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Opens a file to be read; undefined where there is none. Who is asked closes nothing. Whoever reads for others, such as a
 * server, gives one that opens only what they may see.
 */
export type Opener = (path: string) => Promise<FileHandle | undefined>;

/**
 * Opens any file, but nothing else that has a name: a folder has no bytes, a device may never end, and nobody waits for the
 * other end of a pipe.
 */
export const openAny: Opener = async (path) => {
  const handle = await unlessMissing(openFile(path));
  if (handle !== null) return handle;
  throw new Error(`${path}: expected a file, got a folder, a device or a pipe`);
};

/** The same; null for what is no file. Throws as the file system does. */
export async function openFile(path: string, flags = 0): Promise<FileHandle | null> {
  // Windows has no such flag.
  const { O_RDONLY, O_NONBLOCK = 0 } = constants;
  const handle = await open(path, O_RDONLY | O_NONBLOCK | flags);
  if ((await handle.stat()).isFile()) return handle;
  await handle.close();
  return null;
}

/** More than any file of a run but its checkpoint may have: the records of a million epochs take less. */
const LARGEST_FILE = 2 ** 28;

/** All of a file; undefined where there is none. */
export async function readWhole(path: string, opener: Opener): Promise<Buffer | undefined> {
  const handle = await opener(path);
  if (handle === undefined) return undefined;
  try {
    const { size } = await handle.stat();
    if (size > LARGEST_FILE) throw new Error(`${path}: expected at most ${LARGEST_FILE} bytes, got ${size}`);
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

/** Waits until the disk has the names in a folder: a renamed file is only safe from a power cut after that. */
export async function syncFolder(folder: string): Promise<void> {
  // Windows cannot open a folder, and needs no such step.
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Removes a file if that can be done. It does not throw: tidying up must not hide the error that led to it. */
export async function discard(path: string): Promise<void> {
  await rm(path, { force: true }).catch(() => {});
}

/** Removes what a killed `writeAtomically` left in a folder. Nobody else may be writing there. */
export async function removeTemporaryFiles(folder: string): Promise<void> {
  const leftovers = (await readdir(folder)).filter((name) => name.endsWith(TEMPORARY));
  await Promise.all(leftovers.map((name) => rm(join(folder, name), { force: true })));
}

/** The error to throw when `path` could not be written: which file, and why in words. */
export function writeFailure(path: string, error: unknown): Error {
  const code = errorCode(error);
  const reason = code && REASONS[code] ? `${REASONS[code]} (${code})` : (error as Error).message;
  return new Error(`cannot write ${path}: ${reason}`, { cause: error });
}

/** The file system's code of an error, such as `ENOENT`; undefined for other errors. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
}

/** `undefined` instead of an error when the awaited file does not exist. */
export async function unlessMissing<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}
