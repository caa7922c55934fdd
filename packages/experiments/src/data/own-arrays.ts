/** One's own images in arrays of NumPy: which array is what, by its name, and its numbers as bytes. */

import { foreignText } from "../foreign-text.ts";
import { describeShape, type NumpyArray } from "./npy.ts";
import { type Dataset, MOST_CLASSES } from "./types.ts";

/** Images in the order of their arrays, of which those for tests may be given; and arrays that are not understood. */
export interface ArrayImages {
  readonly train: Dataset;
  readonly test: Dataset | undefined;
  readonly strangers: readonly string[];
}

/**
 * The images and labels among arrays, by the names that Keras and others give them.
 *
 * @param path where they came from, for messages
 * @throws Error that names what was expected and what came: names, shapes, labels, and numbers out of range, NaN among them
 */
export function imagesOfArrays(path: string, arrays: ReadonlyMap<string, NumpyArray>): ArrayImages {
  const { train, trainLabels, test, testLabels, strangers } = rolesOf(path, arrays);
  if (test !== undefined && (trainLabels === undefined) !== (testLabels === undefined)) {
    const missing = trainLabels === undefined ? "training" : "test";
    throw new Error(`${path}: expected labels of both parts or of none, got none of the ${missing} images.`);
  }
  const parts = [datasetOf(path, train, trainLabels), ...(test ? [datasetOf(path, test, testLabels)] : [])];
  const classes = Math.max(...parts.map(({ classes }) => classes));
  const [first, second] = parts.map((part) => ({ ...part, classes }));
  return { train: first!, test: second, strangers };
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
    throw new Error(
      `${path}: expected arrays called x_train, y_train, x_test and y_test, or images and labels, got ` +
        `${foreignText(names.join(", ")) || "none"}.`,
    );
  }
  const used = (Object.keys(NAMES) as Role[]).map(nameFor);
  const strangers = names.filter((name) => !used.includes(name)).map((name) => foreignText(name));
  const [trainLabels, test, testLabels] = [arrayFor("trainLabels"), arrayFor("test"), arrayFor("testLabels")];
  return { train, trainLabels, test, testLabels, strangers };
}

// Images --------------------------------------------------------------------------------------------------------------

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
