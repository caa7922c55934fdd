/**
 * Builds what is published. What an earlier build left is removed first: it would be published, too.
 *
 *     node build/build.js [folder]    default: dist
 */

import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { tsc } from "@softdraw/typescript-7/compiler.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = resolve(process.argv[2] ?? join(root, "dist"));

rmSync(folder, { recursive: true, force: true });
execFileSync(process.execPath, [tsc, "-p", join(root, "tsconfig.build.json"), "--outDir", folder], {
  stdio: "inherit",
});
