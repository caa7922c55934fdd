// @ts-check
/** Where the compiler's program is. */

import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const manifest = createRequire(import.meta.url).resolve("typescript/package.json");

/** To be run by Node. It takes a tenth of the time of the version before it, and emits the same code. */
export const tsc = join(dirname(manifest), "bin/tsc");
