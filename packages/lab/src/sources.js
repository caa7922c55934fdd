// @ts-check
/** Runs TypeScript sources in this process. Plain JavaScript, because it comes before what could load anything else. */

import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { register } from "tsx/esm/api";

/**
 * To be called before the first TypeScript module is imported. In a checkout, tsconfig.json says where the sources of the
 * published packages are, so that nothing needs a build; an installed package has no such file, and takes what is published.
 */
export function registerSources() {
  const tsconfig = fileURLToPath(new URL("../tsconfig.json", import.meta.url));
  register({ tsconfig: existsSync(tsconfig) ? tsconfig : false });
}
