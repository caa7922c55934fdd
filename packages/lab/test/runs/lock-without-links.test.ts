import { readdir, writeFile } from "node:fs/promises";
import { expect, test, vi } from "vitest";
import { isLocked, takeLock } from "../../src/runs/lock.ts";
import { useTemporaryFolder } from "./temporary-folder.ts";

vi.mock("node:fs/promises", async (importOriginal) => ({
  ...(await importOriginal<typeof import("node:fs/promises")>()),
  link: async () => {
    throw Object.assign(new Error("EPERM: operation not permitted, link"), { code: "EPERM" });
  },
}));

const folder = useTemporaryFolder();

test("a file system without hard links can be locked", async () => {
  await writeFile(folder.path("neighbour"), "");
  const release = await takeLock(folder.path("lock"));
  expect(await isLocked(folder.path("lock"))).toBe(true);
  await expect(takeLock(folder.path("lock"))).rejects.toThrow("is in use by process");
  await release();
  expect(await readdir(folder.path())).toEqual(["neighbour"]);
});
