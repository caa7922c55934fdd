/** Puts the embedded digits, as bytes, beside the built module that reads them. To be run behind the compiler. */

import { writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { packDigits } from "@softdraw/experiments/data/digits-file";
import { loadDigits } from "@softdraw/lab/data/digits";

const packed = gzipSync(packDigits(await loadDigits()), { level: 9 });
writeFileSync(new URL("../dist/data/digits.gz", import.meta.url), packed);
