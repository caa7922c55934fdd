/** The embedded digits as one compact file of the page, made from the package when the page is built or served. */

import { gzipSync } from "node:zlib";
import type { Plugin } from "vite";

const MODULE = "virtual:digits";

/** Answers `import url from "virtual:digits"` with the address of the file: training and test set, pixels before labels, compressed. */
export function digits(): Plugin {
  let isServed = false;
  const path = "/digits.bin";
  return {
    name: "digits",
    configResolved({ command }) {
      isServed = command === "serve";
    },
    resolveId: (id) => (id === MODULE ? `\0${MODULE}` : undefined),
    async load(id) {
      if (id !== `\0${MODULE}`) return undefined;
      if (isServed) return `export default ${JSON.stringify(path)};`;
      const file = this.emitFile({ type: "asset", name: "digits.bin", source: await digitsFile() });
      return `export default import.meta.ROLLUP_FILE_URL_${file};`;
    },
    configureServer({ middlewares }) {
      const packed = digitsFile();
      middlewares.use(path, async (_, response) => {
        response.setHeader("Content-Type", "application/octet-stream");
        response.end(await packed);
      });
    },
  };
}

/** What is served: compressed. */
export async function digitsFile(): Promise<Uint8Array> {
  const { loadDigits } = await import("@softdraw/lab/data/digits");
  const { packDigits } = await import("@softdraw/experiments/data/digits-file");
  return gzipSync(packDigits(await loadDigits()), { level: 9 });
}
