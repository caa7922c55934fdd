/** What is at the path of one's own data, before anybody reads it. */

import { readdir, stat } from "node:fs/promises";
import { WrongCall } from "../errors.ts";

export interface Place {
  readonly path: string;
  readonly isFolder: boolean;
  /** Of what is in the folder, in order; empty for a file. */
  readonly names: readonly string[];
}

/** @throws WrongCall where there is neither a file nor a folder */
export async function placeAt(path: string): Promise<Place> {
  const there = await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw new WrongCall(`${path}: ${REASONS[error.code ?? ""] ?? error.message}.`);
  });
  if (there.isDirectory()) return { path, isFolder: true, names: (await readdir(path)).sort() };
  if (there.isFile()) return { path, isFolder: false, names: [] };
  throw new WrongCall(`${path}: expected a file or a folder, got something else of that name.`);
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  ENOENT: "there is no such file or folder",
  ENOTDIR: "a part of its path is not a folder",
};
