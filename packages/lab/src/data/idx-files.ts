/** One's own data as a folder of IDX files. */

import { checksumOf, isIdxFile, nameOf, readFolder, splitsOf } from "./idx-folder.ts";
import { describeFacts, factsOf } from "./image-facts.ts";
import type { DataKind } from "./kind.ts";
import { reshaped } from "./sharp.ts";
import { sources } from "./sources.ts";

export const idxFiles: DataKind = {
  name: "IDX files",
  words: "a folder with the four IDX files of MNIST's form",
  recognizes: ({ names }) => names.some(isIdxFile),
  nameOf: async ({ path }) => nameOf(path, await readFolder(path), sources),
  async describe({ path }) {
    const files = await readFolder(path);
    const { train, test } = splitsOf(path, undefined, files);
    const checksum = checksumOf(files);
    return describeFacts({ kind: "IDX files", train: factsOf(train), test: factsOf(test), leftOut: [], checksum });
  },
  async load({ path }, shaping) {
    const { train, test } = splitsOf(path, undefined, await readFolder(path));
    return {
      train: await reshaped(path, train, shaping),
      test: await reshaped(path, test, shaping),
      isOrdered: true,
      leftOut: [],
    };
  },
};
