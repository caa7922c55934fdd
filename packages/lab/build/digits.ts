/**
 * Puts the embedded digits, as bytes, beside the built module that reads them, and the licence of the package that they are from. To
 * be run behind the compiler.
 */

import { copyFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { gzipSync } from "node:zlib";
import { packDigits } from "@softdraw/experiments/data/digits-file";
import { loadDigits } from "@softdraw/lab/data/digits";

const packed = gzipSync(packDigits(await loadDigits()), { level: 9 });
writeFileSync(new URL("../dist/data/digits.gz", import.meta.url), packed);

const license = createRequire(import.meta.url).resolve("mnist/LICENSE");
copyFileSync(license, new URL("../dist/data/digits.LICENSE", import.meta.url));
