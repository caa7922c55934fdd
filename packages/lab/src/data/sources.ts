/** Where the downloadable data sets come from, and how to know their files. */

import { type IdxKind, idxHeaderLength } from "@softdraw/experiments/data/idx";

/** The four files of MNIST and of its drop-in replacements; compressed copies add `.gz`. */
export const idxFileNames = [
  "train-images-idx3-ubyte",
  "train-labels-idx1-ubyte",
  "t10k-images-idx3-ubyte",
  "t10k-labels-idx1-ubyte",
] as const;

export type IdxFileName = (typeof idxFileNames)[number];

export function kindOf(file: IdxFileName): IdxKind {
  return file.includes("images") ? "images" : "labels";
}

export interface IdxSource {
  readonly name: string;
  readonly classes: number;
  /** Of an image, in pixels. */
  readonly height: number;
  readonly width: number;
  /** Number of training and of test images. */
  readonly train: number;
  readonly test: number;
  /** Folders on the web, each with the four files and `.gz` behind their names, in the order they are tried. */
  readonly mirrors: readonly string[];
  /** Of the uncompressed bytes: the same file exists in several compressions. */
  readonly sha256: Readonly<Record<IdxFileName, string>>;
}

/** Of every data set here: labels run from 0 to 9. */
const CLASSES = 10;

/** Handwritten digits: LeCun, Cortes, Burges, "The MNIST database of handwritten digits", 1998. */
export const mnist: IdxSource = {
  name: "mnist",
  classes: CLASSES,
  height: 28,
  width: 28,
  train: 60_000,
  test: 10_000,
  mirrors: ["https://storage.googleapis.com/cvdf-datasets/mnist/", "https://ossci-datasets.s3.amazonaws.com/mnist/"],
  sha256: {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
  },
};

/** Pictures of clothes: Xiao, Rasul, Vollgraf, "Fashion-MNIST", 2017. */
export const fashionMnist: IdxSource = {
  name: "fashion-mnist",
  classes: CLASSES,
  height: 28,
  width: 28,
  train: 60_000,
  test: 10_000,
  mirrors: [
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
  ],
  sha256: {
    "train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
  },
};

export const sources: readonly IdxSource[] = [mnist, fashionMnist];

/** The length of a file of a data set, uncompressed. */
export function fileLength({ train, test, height, width }: IdxSource, file: IdxFileName): number {
  const kind = kindOf(file);
  const count = file.startsWith("train") ? train : test;
  return idxHeaderLength(kind) + count * (kind === "images" ? height * width : 1);
}
