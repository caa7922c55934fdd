import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach } from "vitest";

/** A folder of its own for each test of the calling file, gone afterwards: `path` of a name in it. */
export function useTemporaryFolder(): { path(name?: string): string } {
  let folder = "";
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "softdraw-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));
  return { path: (name = "") => join(folder, name) };
}
