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

/** The sides that every experiment takes, of those that are asked for in an example. */
const USUAL_SIDE = 28;

export function describeFacts({ kind, train, test, leftOut, checksum }: Described): Description {
  const parts = test === undefined ? { images: train } : { training: train, test };
  const needsSize = new Set(Object.values(parts).flatMap(({ sizes }) => Object.keys(sizes))).size > 1;
  const isLarge = Object.keys(train.sizes).some((size) => size.split(" x ").some((side) => Number(side) > LARGE));
  return {
    lines: [
      ["kind", kind],
      ...Object.entries(parts).flatMap(([name, facts]) => linesOf(name, facts)),
      ...(test === undefined ? [["test images", "none: a share is kept, --test-share"] as const] : []),
    ],
    record: { kind, ...parts },
    checksum,
    leftOut,
    example: { command: "softdraw train vae", options: needsSize || isLarge ? ` --size ${USUAL_SIDE}` : "" },
  };
}

/** From this side on, training takes long. */
const LARGE = 64;

/** As many classes or sizes are listed. */
const LISTED = 20;

function linesOf(name: string, { count, sizes, channels, classes, smallest, largest }: Facts) {
  const names = Object.keys(classes);
  const of = (what: string) => (name === "images" ? what : `${name}: ${what}`);
  return [
    [name === "images" ? name : `${name} images`, formatNumber(count, 0)],
    [of("height x width"), listed(sizes)],
    [of("colours"), channels === 3 ? "red, green, blue" : "grey"],
    [of("classes"), names.length === 1 ? "1: no labels" : `${names.length}: ${listed(classes)}`],
    [of("bytes"), `${smallest} to ${largest}`],
  ] as const;
}

/** Such as `cats (12), dogs (9)`. */
function listed(counts: Readonly<Record<string, number>>): string {
  const entries = Object.entries(counts).map(([name, count]) => `${name} (${formatNumber(count, 0)})`);
  const more = entries.length - LISTED;
  return more > 0 ? `${entries.slice(0, LISTED).join(", ")} and ${more} more` : entries.join(", ");
}
