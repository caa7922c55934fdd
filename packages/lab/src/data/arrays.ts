/** One's own data as arrays of NumPy: an .npz file, a folder of .npy files, or one .npy file of images. */

import { readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { LONGEST_NPY, type NumpyArray, parseNpy } from "@softdraw/experiments/data/npy";
import { parseNpz } from "@softdraw/experiments/data/npz";
import { imagesOfArrays } from "@softdraw/experiments/data/own-arrays";
import { isPictureName } from "@softdraw/experiments/data/picture-names";
import { sha256 } from "./files.ts";
import { describeFacts, factsOf } from "./image-facts.ts";
import type { DataKind, OwnImages } from "./kind.ts";
import { ownName } from "./names.ts";
import type { Place } from "./places.ts";
import { describeRows, rowsIn } from "./rows.ts";
import { reshaped } from "./sharp.ts";

const IS_ARRAY = /\.npy$/i;

export const arrays: DataKind = {
  name: "arrays",
  words: "an .npy or .npz file, or a folder of .npy files",
  // Where there are pictures, a folder is one of pictures, whatever lies beside them.
  recognizes: ({ path, isFolder, names }) =>
    isFolder ? names.some((name) => IS_ARRAY.test(name)) && !names.some(isPictureName) : /\.np[yz]$/i.test(path),
  nameOf: async (place) => ownName(place.path.replace(/\.np[yz]$/i, ""), await checksumOf(place)),
  async describe(place) {
    const [array] = place.isFolder ? [] : (await arraysOf(place)).values();
    const rows = array && /\.npy$/i.test(place.path) ? rowsIn(array) : undefined;
    if (rows !== undefined) return describeRows(array!, rows, await checksumOf(place));
    const { train, test, leftOut } = await read(place);
    const facts = { train: factsOf(train), test: test && factsOf(test) };
    return describeFacts({ kind: "arrays", ...facts, leftOut, checksum: await checksumOf(place) });
  },
  async load(place, shaping) {
    const { train, test, ...rest } = await read(place);
    const { path } = place;
    return {
      ...rest,
      train: await reshaped(path, train, shaping),
      test: test && (await reshaped(path, test, shaping)),
    };
  },
};

// Files ---------------------------------------------------------------------------------------------------------------

/** The paths of the files, an .npy file each, or one of either kind. */
function filesOf({ path, isFolder, names }: Place): string[] {
  return isFolder ? names.filter((name) => IS_ARRAY.test(name)).map((name) => join(path, name)) : [path];
}

async function checksumOf(place: Place): Promise<string> {
  const sums: string[] = [];
  for (const file of filesOf(place)) {
    const sum = sha256(await readShort(file));
    sums.push(place.isFolder ? `${basename(file)} ${sum}\n` : sum);
  }
  return place.isFolder ? sha256(Buffer.from(sums.join(""))) : sums[0]!;
}

async function readShort(file: string): Promise<Uint8Array> {
  const { size } = await stat(file);
  if (size <= LONGEST_NPY) return new Uint8Array(await readFile(file));
  throw new Error(`${file}: expected at most ${LONGEST_NPY} bytes, got ${size}.`);
}

/** The arrays by name: those of a folder are called as their files are. */
async function arraysOf(place: Place): Promise<Map<string, NumpyArray>> {
  const found = new Map<string, NumpyArray>();
  for (const file of filesOf(place)) {
    const content = await readShort(file);
    if (/\.npz$/i.test(file)) return new Map(parseNpz(file, content));
    found.set(place.isFolder ? basename(file).replace(IS_ARRAY, "") : "images", parseNpy(file, content));
  }
  return found;
}

async function read(place: Place): Promise<OwnImages> {
  const { strangers, ...images } = imagesOfArrays(place.path, await arraysOf(place));
  const why = "an array of another name than those of images and labels";
  return { ...images, isOrdered: false, leftOut: strangers.map((what) => ({ what, why })) };
}
