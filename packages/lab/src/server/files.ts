/** Opening files for whoever asks over the network: those of a folder, and no others. */

import { constants } from "node:fs";
import { type FileHandle, open, realpath } from "node:fs/promises";
import { isAbsolute, join, relative, sep } from "node:path";
import { errorCode } from "../runs/files.ts";

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
  return path === undefined ? undefined : unlessAbsent(openFile(path));
}

/** Where a path below the folder really is, links followed; undefined outside. */
export async function realPathInside(folder: string, names: readonly string[]): Promise<string | undefined> {
  const paths = Promise.all([realpath(folder), realpath(join(folder, ...names))]);
  const [root, path] = (await unlessAbsent(paths)) ?? [];
  if (root === undefined || path === undefined) return undefined;
  const inside = relative(root, path);
  return isAbsolute(inside) || inside.split(sep)[0] === ".." ? undefined : path;
}

async function openFile(path: string): Promise<OpenFile | undefined> {
  // What was no link a moment ago may be one now, and must not be followed; and nobody waits for the other end of a pipe.
  // Windows has neither flag.
  const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
  const handle = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  const stats = await handle.stat();
  if (stats.isFile()) return { handle, size: stats.size, modified: stats.mtimeMs };
  await handle.close();
  return undefined;
}

async function unlessAbsent<T>(looking: Promise<T>): Promise<T | undefined> {
  try {
    return await looking;
  } catch (error) {
    if (ABSENT.includes(errorCode(error) ?? "")) return undefined;
    throw error;
  }
}
