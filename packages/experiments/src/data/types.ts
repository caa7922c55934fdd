/** The data sets by name. `digits` is embedded; the others are files. */
export const datasetNames = ["digits", "mnist", "fashion-mnist"] as const;

export type DatasetName = (typeof datasetNames)[number];

/**
 * Whether a name is that of one's own data, in a folder: a label and the beginning of a checksum, such as
 * "letters-3fa91c02". Other bytes have another name.
 */
export function isOwnData(name: string): boolean {
  return /^[a-z0-9][a-z0-9-]{0,79}-[0-9a-f]{8}$/.test(name);
}

/**
 * What one's own data is called, by what its folder or file is called and a checksum in hexadecimal digits: a name that
 * `isOwnData` knows.
 */
export function ownDataName(label: string, checksum: string): string {
  const words = label.toLowerCase().match(/[a-z0-9]+/g) ?? ["data"];
  return `${words.join("-").slice(0, 40).replace(/-$/, "")}-${checksum.slice(0, 8)}`;
}

/** Whether two names mean the same data. The label of one's own data is that of a folder, which may be called otherwise elsewhere. */
export function isSameData(a: string, b: string): boolean {
  return a === b || (isOwnData(a) && isOwnData(b) && a.slice(-8) === b.slice(-8));
}

/** Labels are bytes. */
export const MOST_CLASSES = 256;

/** Labelled images in memory, one byte a pixel, as they lie in their files. */
export interface Dataset {
  /** For messages and reports, such as "mnist train". */
  readonly name: string;
  readonly count: number;
  readonly height: number;
  readonly width: number;
  /** 3 for red, green and blue; absent, or 1, for grey. */
  readonly channels?: 1 | 3;
  /** Labels run from 0 to classes - 1. */
  readonly classes: number;
  /** What the classes are called, where they have names. */
  readonly classNames?: readonly string[];
  /** [count, height * width * channels], row major, the channels of a pixel beside each other, 0 (background) to 255 (ink). */
  readonly images: Uint8Array;
  /** [count]. */
  readonly labels: Uint8Array;
}

/** How many bytes an image of the data set has. */
export function bytesAnImage({ height, width, channels = 1 }: Pick<Dataset, "height" | "width" | "channels">): number {
  return height * width * channels;
}

/**
 * For an experiment that takes no colours.
 *
 * @throws RangeError that says what turns them grey
 */
export function checkGrey(experiment: string, { name, channels = 1 }: Dataset): void {
  if (channels === 1) return;
  throw new RangeError(`${experiment} takes grey pictures only, and ${name} is in colour: add --grey.`);
}

/** The two halves that every experiment uses: images to learn from and images to be judged on, of equal size. */
export interface DatasetSplits {
  readonly name: string;
  readonly train: Dataset;
  readonly test: Dataset;
}

const nothing = { name: "generated", count: 0, height: 0, width: 0, classes: 0 };

/** What an experiment gets that makes its own data as it trains. */
export const generated: DatasetSplits = {
  name: "generated data",
  train: { ...nothing, images: new Uint8Array(), labels: new Uint8Array() },
  test: { ...nothing, images: new Uint8Array(), labels: new Uint8Array() },
};
