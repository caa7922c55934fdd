/** One's own data as arrays of NumPy: an .npz file, a folder of .npy files, or one .npy file of images. */

import { readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { describeShape, LONGEST_NPY, type NumpyArray, parseNpy } from "@softdraw/experiments/data/npy";
import { parseNpz } from "@softdraw/experiments/data/npz";
import type { Dataset } from "@softdraw/experiments/data/types";
import { foreignText } from "@softdraw/experiments/foreign-text";
import { WrongCall } from "../errors.ts";
import { sha256 } from "./files.ts";
import { describeFacts, factsOf } from "./image-facts.ts";
import { type DataKind, type LeftOut, MOST_CLASSES, type OwnImages } from "./kind.ts";
import { ownName } from "./names.ts";
import type { Place } from "./places.ts";
import { reshaped } from "./sharp.ts";

const IS_ARRAY = /\.npy$/i;

export const arrays: DataKind = {
  name: "arrays",
  words: "an .npy or .npz file, or a folder of .npy files",
  recognizes: ({ path, isFolder, names }) =>
    isFolder ? names.some((name) => IS_ARRAY.test(name)) : /\.np[yz]$/i.test(path),
  nameOf: async (place) => ownName(place.path.replace(/\.np[yz]$/i, ""), await checksumOf(place)),
  async describe(place) {
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

// Names ---------------------------------------------------------------------------------------------------------------

type Role = "train" | "trainLabels" | "test" | "testLabels";

/** Which names arrays go by, as Keras and others write them; capital letters count as small ones. */
const NAMES: Readonly<Record<Role, readonly string[]>> = {
  train: ["x_train", "train_x", "train_images", "images_train", "train", "images", "image", "x", "data", "arr_0"],
  trainLabels: ["y_train", "train_y", "train_labels", "labels_train", "labels", "label", "y", "target", "arr_1"],
  test: ["x_test", "test_x", "test_images", "images_test", "test"],
  testLabels: ["y_test", "test_y", "test_labels", "labels_test"],
};

/** The array of each role, and which were not understood. */
function rolesOf(path: string, found: ReadonlyMap<string, NumpyArray>) {
  const names = [...found.keys()];
  const nameFor = (role: Role) => {
    const known = NAMES[role].filter((name) => names.some((own) => own.toLowerCase() === name));
    return names.find((own) => own.toLowerCase() === known[0]);
  };
  const arrayFor = (role: Role) => {
    const name = nameFor(role);
    return name === undefined ? undefined : found.get(name);
  };
  const train = arrayFor("train");
  if (train === undefined) {
    throw new WrongCall(
      `${path}: expected arrays called x_train, y_train, x_test and y_test, or images and labels, got ` +
        `${foreignText(names.join(", ")) || "none"}.`,
    );
  }
  const used = (Object.keys(NAMES) as Role[]).map(nameFor);
  const leftOut: LeftOut[] = names
    .filter((name) => !used.includes(name))
    .map((name) => ({ what: foreignText(name), why: "an array of another name than those of images and labels" }));
  return {
    train,
    trainLabels: arrayFor("trainLabels"),
    test: arrayFor("test"),
    testLabels: arrayFor("testLabels"),
    leftOut,
  };
}

// Images --------------------------------------------------------------------------------------------------------------

async function read(place: Place): Promise<OwnImages> {
  const { path } = place;
  const { train, trainLabels, test, testLabels, leftOut } = rolesOf(path, await arraysOf(place));
  if (test !== undefined && (trainLabels === undefined) !== (testLabels === undefined)) {
    const missing = trainLabels === undefined ? "training" : "test";
    throw new Error(`${path}: expected labels of both parts or of none, got none of the ${missing} images.`);
  }
  const parts = [datasetOf(path, train, trainLabels), ...(test ? [datasetOf(path, test, testLabels)] : [])];
  const classes = Math.max(...parts.map(({ classes }) => classes));
  const [first, second] = parts.map((part) => ({ ...part, classes }));
  return { train: first!, test: second, isOrdered: false, leftOut };
}

function datasetOf(path: string, images: NumpyArray, labels: NumpyArray | undefined): Dataset {
  const shape = imageShape(images);
  const own = labels === undefined ? new Uint8Array(shape.count) : labelsOf(labels, images, shape.count);
  const classes = own.reduce((most, label) => Math.max(most, label), 0) + 1;
  return { name: path, ...shape, classes, images: bytesOf(images), labels: own };
}

function imageShape({ file, shape }: NumpyArray): Pick<Dataset, "count" | "height" | "width" | "channels"> {
  const [count = 0, height = 0, width = 0, channels = 1] = shape;
  const isImages = (shape.length === 3 || shape.length === 4) && (channels === 1 || channels === 3);
  if (isImages && !shape.includes(0)) return { count, height, width, ...(channels === 3 && { channels }) };
  const hint = shape.length === 4 && (height === 1 || height === 3) ? ": the channels come last" : "";
  throw new Error(
    `${file}: expected images [n, height, width] or [n, height, width, channels] with 1 or 3 channels, none of them 0, got ` +
      `${describeShape(shape)}${hint}.`,
  );
}

/** Labels `[n]`, or `[n, 1]`. */
function labelsOf({ file, shape, values }: NumpyArray, images: NumpyArray, count: number): Uint8Array {
  if (shape[0] !== count || values.length !== count) {
    throw new Error(
      `${file}: expected ${count} labels, one for each image of ${images.file}, got ${describeShape(shape)}.`,
    );
  }
  const wrong = values.findIndex((label) => !(Number.isInteger(label) && label >= 0 && label < MOST_CLASSES));
  if (wrong < 0) return Uint8Array.from(values);
  throw new Error(
    `${file}: expected labels that are whole numbers from 0 to ${MOST_CLASSES - 1}, got ${values[wrong]} at position ${wrong}.`,
  );
}

/** Bytes as they are, truth values as black and white, floats from 0 to 1 as the nearest byte. */
function bytesOf({ file, dtype, values }: NumpyArray): Uint8Array {
  if (dtype === "u1") return values as Uint8Array;
  if (dtype === "b1") return Uint8Array.from(values, (value) => 255 * value);
  const isFloat = dtype.startsWith("f");
  const [most, scale] = isFloat ? [1, 255] : [255, 1];
  const bytes = new Uint8Array(values.length);
  for (let i = 0; i < bytes.length; i++) {
    const value = values[i]!;
    if (!(value >= 0 && value <= most)) {
      throw new Error(
        `${file}: expected ${isFloat ? "floats from 0 to 1" : "whole numbers from 0 to 255"}, got ${value} at position ${i}.`,
      );
    }
    bytes[i] = Math.round(scale * value);
  }
  return bytes;
}
