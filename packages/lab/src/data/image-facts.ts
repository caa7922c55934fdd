/** What is said of images: how many, how large, of which classes, between which values. */

import type { Dataset } from "@softdraw/experiments/data/types";
import { formatNumber } from "../report/numbers.ts";
import type { Description, LeftOut } from "./kind.ts";

/** One part of the images. Those for tests may come apart from the others. */
interface Facts {
  readonly count: number;
  /** Such as "28 x 28" (height by width), each with the number of images of that size. */
  readonly sizes: Readonly<Record<string, number>>;
  readonly channels: 1 | 3;
  /** Each class with the number of its images. */
  readonly classes: Readonly<Record<string, number>>;
  /** Of the bytes. */
  readonly smallest: number;
  readonly largest: number;
}

/** The facts of images that are in memory. */
export function factsOf({ count, height, width, channels = 1, classes, classNames, images, labels }: Dataset): Facts {
  const counts = new Array<number>(classes).fill(0);
  for (const label of labels) counts[label]!++;
  const [smallest, largest] = rangeOf(images);
  return {
    count,
    sizes: { [`${height} x ${width}`]: count },
    channels,
    classes: Object.fromEntries(counts.map((own, label) => [classNames?.[label] ?? `${label}`, own])),
    smallest,
    largest,
  };
}

export function rangeOf(bytes: Uint8Array): [smallest: number, largest: number] {
  let [smallest, largest] = [255, 0];
  for (const byte of bytes) {
    if (byte < smallest) smallest = byte;
    if (byte > largest) largest = byte;
  }
  return [smallest, largest];
}

interface Described {
  readonly kind: string;
  readonly train: Facts;
  readonly test?: Facts | undefined;
  readonly leftOut: readonly LeftOut[];
  readonly checksum: string;
}

/** Sides that every experiment takes, and the images of a step where nothing is said. */
const USUAL_SIDE = 28;
const USUAL_BATCH = 50;

export function describeFacts({ kind, train, test, leftOut, checksum }: Described): Description {
  const parts = test === undefined ? { images: train } : { training: train, test };
  const sizes = new Set(Object.values(parts).flatMap(({ sizes }) => Object.keys(sizes)));
  const isShaped = sizes.size > 1 || sidesOf(train.sizes).some((sides) => Math.max(...sides) > LARGE);
  const most = Math.floor(test === undefined ? train.count / 2 : train.count);
  return {
    lines: [
      ["kind", kind],
      ...Object.entries(parts).flatMap(([name, facts]) => linesOf(name, facts)),
      ...(test === undefined ? [["test images", "none: a share is kept, --test-share"] as const] : []),
    ],
    record: { kind, ...parts },
    checksum,
    leftOut,
    example: {
      command: "softdraw train vae --data",
      options: `${isShaped ? ` --size ${USUAL_SIDE}` : ""}${most < USUAL_BATCH ? ` --batch ${Math.max(1, most)}` : ""}`,
    },
  };
}

/** From this side on, training takes long. */
const LARGE = 64;

/** As many classes are listed, and as many sizes. */
const LISTED = 20;
const LISTED_SIZES = 5;

function linesOf(name: string, { count, sizes, channels, classes, smallest, largest }: Facts) {
  const names = Object.keys(classes);
  const of = (what: string) => (name === "images" ? what : `${name}: ${what}`);
  return [
    [name === "images" ? name : `${name} images`, formatNumber(count, 0)],
    [of("height x width"), Object.keys(sizes).length > LISTED_SIZES ? rangeOfSizes(sizes) : listed(sizes)],
    [of("colours"), channels === 3 ? "red, green, blue" : "grey"],
    [of("classes"), names.length === 1 ? "1: no labels" : `${names.length}: ${listed(classes)}`],
    [of("values, as bytes"), `${smallest} to ${largest}`],
  ] as const;
}

/** Such as `cats (12), dogs (9)`. */
function listed(counts: Readonly<Record<string, number>>): string {
  const entries = Object.entries(counts).map(([name, count]) => `${name} (${formatNumber(count, 0)})`);
  const more = entries.length - LISTED;
  return more > 0 ? `${entries.slice(0, LISTED).join(", ")} and ${more} more` : entries.join(", ");
}

function sidesOf(sizes: Facts["sizes"]): number[][] {
  return Object.keys(sizes).map((size) => size.split(" x ").map(Number));
}

/** Such as `60 x 40 to 900 x 1200 (31 sizes)`. */
function rangeOfSizes(sizes: Facts["sizes"]): string {
  const sides = sidesOf(sizes);
  const [least, most] = [Math.min, Math.max].map((of) => [0, 1].map((side) => of(...sides.map((own) => own[side]!))));
  return `${least!.join(" x ")} to ${most!.join(" x ")} (${sides.length} sizes)`;
}
