/** The built page, served as `softdraw studio` serves it. */

import { existsSync, readdirSync, statSync } from "node:fs";
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

/** What the page is made of: the files of its own package, and the sources of those that it imports from. */
const MADE_OF = [
  ...["src/", "public/", "build/", "index.html", "vite.config.ts"].map(
    (path) => new URL(`../${path}`, import.meta.url),
  ),
  ...["@softdraw/experiments/all", "@softdraw/lab/errors"].map((module) => new URL("./", import.meta.resolve(module))),
  ...["softdraw", "@softdraw/threads"].map((name) => new URL("src/", import.meta.resolve(`${name}/package.json`))),
];

/** The page as `npm run build` has built it, if nothing has been written since. */
function builtPage(): string | undefined {
  const folder = new URL("../dist/", import.meta.url);
  const page = new URL("index.html", folder);
  if (!existsSync(page)) return undefined;
  const { mtimeMs: built } = statSync(page);
  return MADE_OF.every((made) => lastWrite(fileURLToPath(made)) < built) ? fileURLToPath(folder) : undefined;
}

/** When a file was last written, or anything in a folder. */
function lastWrite(path: string): number {
  const status = statSync(path);
  if (!status.isDirectory()) return status.mtimeMs;
  return Math.max(status.mtimeMs, ...readdirSync(path).map((name) => lastWrite(join(path, name))));
}

/** The page: the one that is built, or one in a folder of its own, which `remove` takes away. */
export async function buildStudio(): Promise<{ folder: string; remove(): Promise<void> }> {
  const built = builtPage();
  if (built !== undefined) return { folder: built, remove: async () => {} };
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
