/**
 * Builds what is published: ES modules, and CommonJS beside them in dist/commonjs. The engine is published in both too,
 * and they are two copies that do not know each other's arrays: so `require("softdraw")` must require the engine, and
 * its import import it.
 *
 *     node build/build.js [folder]    default: dist
 */

import { execFileSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { tsc } from "@softdraw/typescript-7/compiler.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = resolve(process.argv[2] ?? join(root, "dist"));

rmSync(folder, { recursive: true, force: true });
compile("tsconfig.build.json", folder);
compile("tsconfig.commonjs.json", join(folder, "commonjs"));
// The package is one of ES modules; what is below this file is not.
writeFileSync(join(folder, "commonjs", "package.json"), `${JSON.stringify({ type: "commonjs" })}\n`);

/** @param {string} project @param {string} out */
function compile(project, out) {
  execFileSync(process.execPath, [tsc, "-p", join(root, project), "--outDir", out], { stdio: "inherit" });
}
