// @ts-check
/**
 * Writes src/page-thread-source.ts: the thread of a page as a string, so that a page needs nothing of its bundler to start
 * it. To be run when page-thread.ts, job-board.js or placement.js have changed; a test says so.
 */

import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** The thread as one script. */
export async function bundledThread() {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("../src/page-thread.ts", import.meta.url))],
    bundle: true,
    minify: true,
    format: "iife",
    target: "es2022",
    legalComments: "none",
    write: false,
  });
  return /** @type {import("esbuild").OutputFile} */ (outputFiles[0]).text.trim();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const comment = "/** Made of page-thread.ts by `npm run thread --workspace=@softdraw/threads`. */";
  const module = `${comment}\n\nexport const pageThreadSource = ${JSON.stringify(await bundledThread())};\n`;
  await writeFile(new URL("../src/page-thread-source.ts", import.meta.url), module);
}
