/** Folders in the system's place for temporary files, each with the lock of its process. */

import { mkdtemp, readdir, rm, rmdir, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unlessMissing, writeFailure } from "./files.ts";
import { isLocked, takeLock } from "./lock.ts";

const LOCK = "lock";

/** From making a folder to locking it takes milliseconds. */
const UNLOCKED_MS = 60_000;

/**
 * A new folder that nobody else has, named by the prefix and some characters. Those of that prefix whose process was killed
 * are removed first.
 *
 * @param place the folder that it is in, by default the system's for temporary files
 */
export async function makeScratchFolder(prefix: string, place = tmpdir()): Promise<string> {
  await removeAbandoned(prefix, place);
  const folder = await mkdtemp(join(place, prefix)).catch((error) => {
    throw writeFailure(place, error);
  });
  await takeLock(join(folder, LOCK));
  return folder;
}

async function removeAbandoned(prefix: string, place: string): Promise<void> {
  const entries = (await unlessMissing(readdir(place, { withFileTypes: true }))) ?? [];
  const folders = entries.filter((entry) => entry.isDirectory() && entry.name.startsWith(prefix));
  // What cannot be removed, such as another user's, or cannot be judged, stays.
  await Promise.all(folders.map(({ name }) => removeIfAbandoned(join(place, name)).catch(() => {})));
}

async function removeIfAbandoned(folder: string): Promise<void> {
  const { uid, mtimeMs } = await stat(folder);
  if (uid !== (process.getuid?.() ?? uid)) return;
  const lock = join(folder, LOCK);
  if (await unlessMissing(stat(lock))) {
    if (!(await isLocked(lock))) await rm(folder, { recursive: true, force: true });
  } else if (Date.now() - mtimeMs > UNLOCKED_MS) {
    // Only an empty one: nothing says whose it is.
    await rmdir(folder);
  }
}
