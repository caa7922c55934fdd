/** The built page, served as `softdraw studio` serves it. */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, preview } from "vite";

const configFile = fileURLToPath(new URL("../vite.config.ts", import.meta.url));

export interface Served {
  readonly url: string;
  close(): Promise<void>;
}

/** Builds the page into a folder of its own, which `remove` takes away. */
export async function buildStudio(): Promise<{ folder: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), "softdraw-studio-"));
  await build({ configFile, logLevel: "warn", build: { outDir: folder, emptyOutDir: true } });
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** @param headers in place of those that the page is served with */
export async function serveStudio(folder: string, headers?: Record<string, string>): Promise<Served> {
  const server = await preview({
    configFile,
    logLevel: "warn",
    build: { outDir: folder },
    preview: { host: "127.0.0.1", port: 0, ...(headers && { headers }) },
  });
  return { url: server.resolvedUrls!.local[0]!, close: () => server.close() };
}
