/** Opening files for whoever asks over the network: those of a folder, and no others. */

import { constants } from "node:fs";
import { type FileHandle, readdir, readlink, realpath } from "node:fs/promises";
import { isAbsolute, join, relative, sep } from "node:path";
import { errorCode, type Opener, openFile } from "../runs/files.ts";

/** To be closed by who asked for it. It stays what it is when the file is replaced meanwhile. */
export interface OpenFile {
  readonly handle: FileHandle;
  readonly size: number;
  readonly modified: number;
}

/** Reasons for which a file counts as absent, for whoever asks over the network. */
const ABSENT = ["ENOENT", "ENOTDIR", "ELOOP", "EACCES", "EPERM", "EISDIR", "ENAMETOOLONG", "EINVAL"];

/** What is asked for by a link or a name that leads out of the folder counts as absent, and so does what is no file. */
export async function openInside(folder: string, names: readonly string[]): Promise<OpenFile | undefined> {
  const path = await realPathInside(folder, names);
  return path === undefined ? undefined : unlessAbsent(openReal(path));
}

/**
 * Opens a file of a folder, by its path, for what reads files of a run. All that the server reads is opened by `openInside`.
 *
 * @throws Error for what leads out of the folder, so that it is not taken for a run without that file
 */
export function openerInside(folder: string): Opener {
  return async (path) => {
    const names = relative(folder, path).split(sep);
    const file = await openInside(folder, names);
    if (file !== undefined) return file.handle;
    const isThere = (await unlessAbsent(realpath(path))) !== undefined;
    if (isThere) throw new Error(`${path} leads out of the folder, or is no file`);
    return undefined;
  };
}

/** The names in a folder below the folder; none where there is no such folder, or it leads out. */
export async function namesInside(folder: string, names: readonly string[]): Promise<string[]> {
  const path = await realPathInside(folder, names);
  if (path === undefined) return [];
  const found = (await unlessAbsent(readdir(path))) ?? [];
  // What was that folder a moment ago may be a link now.
  return (await realPathInside(folder, names)) === path ? found : [];
}

/** Where a path below the folder really is, links followed; undefined outside. */
async function realPathInside(folder: string, names: readonly string[]): Promise<string | undefined> {
  const paths = Promise.all([realpath(folder), realpath(join(folder, ...names))]);
  const [root, path] = (await unlessAbsent(paths)) ?? [];
  if (root === undefined || path === undefined) return undefined;
  const inside = relative(root, path);
  return isAbsolute(inside) || inside.split(sep)[0] === ".." ? undefined : path;
}

/** @param path a real one, without links */
async function openReal(path: string): Promise<OpenFile | undefined> {
  // What was no link a moment ago may be one now, and must not be followed. Windows has no such flag.
  const handle = await openFile(path, constants.O_NOFOLLOW ?? 0);
  if (handle === null) return undefined;
  if (await isAt(handle, path)) {
    const { size, mtimeMs } = await handle.stat();
    return { handle, size, modified: mtimeMs };
  }
  await handle.close();
  return undefined;
}

/** Whether an open file is where it was looked for: a folder of its path may have become a link before it was opened. */
async function isAt({ fd }: FileHandle, path: string): Promise<boolean> {
  // Linux tells where an open file is, also of one that has been replaced meanwhile. Elsewhere the path is looked at again.
  const place = await readlink(`/proc/self/fd/${fd}`).catch(() => undefined);
  if (place !== undefined) return place === path || place === `${path} (deleted)`;
  return (await unlessAbsent(realpath(path))) === path;
}

async function unlessAbsent<T>(looking: Promise<T>): Promise<T | undefined> {
  try {
    return await looking;
  } catch (error) {
    if (ABSENT.includes(errorCode(error) ?? "")) return undefined;
    throw error;
  }
}
