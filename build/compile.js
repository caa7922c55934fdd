// @ts-check
/**
 * Compiles the sources of the package in the working directory into its dist, with declarations. What an earlier build left is
 * removed first: it would be packed, too.
 *
 *     node ../../build/compile.js
 */

import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { tsc } from "@softdraw/typescript-7/compiler.mjs";

rmSync("dist", { recursive: true, force: true });
execFileSync(process.execPath, [tsc, "-p", "tsconfig.build.json"], { stdio: "inherit" });
