// @ts-check
/** Runs TypeScript sources in this process. Plain JavaScript, because it comes before what could load anything else. */

import { accessSync, constants, mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const path = (/** @type {string} */ relative) => fileURLToPath(new URL(relative, import.meta.url));

/**
 * To be called before the first TypeScript module is imported. In a checkout, tsconfig.json says where the sources of the
 * published packages are, so that nothing needs a build. A package as it is installed is compiled, and has nothing to
 * register.
 */
export async function registerSources() {
  if (!import.meta.url.endsWith("/src/sources.js")) return;
  const before = { ...process.env };
  Object.assign(process.env, cacheSettings());
  try {
    const { register } = await import("tsx/esm/api");
    register({ tsconfig: path("../tsconfig.json") });
  } finally {
    for (const name of CACHE_SETTINGS) restore(name, before[name]);
  }
}

const CACHE_SETTINGS = /** @type {const} */ (["TMPDIR", "TSX_DISABLE_CACHE"]);

/**
 * What is executed is kept in the checkout, and not where tsx would keep it: in the system's folder for temporary files, in
 * which whoever comes first can make a folder of the name that tsx will look for. Where the checkout cannot be written,
 * nothing is kept.
 *
 * Upstream: tsx takes the folder of its cache from the operating system, when it is loaded, and has no setting for it.
 */
function cacheSettings() {
  const folder = path("../../../node_modules/.cache/softdraw");
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    accessSync(folder, constants.W_OK);
    return { TMPDIR: folder };
  } catch {
    return { TSX_DISABLE_CACHE: "1" };
  }
}

/** @param {string} name @param {string | undefined} value */
function restore(name, value) {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}
