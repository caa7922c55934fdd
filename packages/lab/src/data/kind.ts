/** What every kind of one's own data offers. */

import type { Dataset } from "@softdraw/experiments/data/types";
import type { Place } from "./places.ts";

export interface DataKind {
  /** Such as "pictures". */
  readonly name: string;
  /** What there has to be at a path, such as "a folder of pictures". */
  readonly words: string;
  recognizes(place: Place): boolean;
  /**
   * What the data is called, after its path and its bytes: see `ownName`. Nothing is decoded.
   *
   * @throws Error that names what cannot be read
   */
  nameOf(place: Place): Promise<string>;
  /**
   * What there is, without loading all of it.
   *
   * @throws Error that names what is wrong, where nothing of it could be used
   */
  describe(place: Place): Promise<Description>;
  /**
   * The images, of a kind that has any.
   *
   * @throws Error that names what is wrong; WrongCall where another shaping would help
   */
  load?(place: Place, shaping: Shaping): Promise<OwnImages>;
}

/** What is made of every picture. */
export interface Shaping {
  /** A square of so many pixels a side, cut from the picture's middle and enlarged or reduced. */
  readonly size?: number | undefined;
  readonly grey?: boolean | undefined;
}

/** Images as they come, of which those for tests may be given. */
export interface OwnImages {
  readonly train: Dataset;
  readonly test?: Dataset | undefined;
  /** Of the files, from the folder of the data on, those for tests last: of a kind with a file an image. */
  readonly names?: readonly string[] | undefined;
  /** Whether they are in an order that somebody made to train in. */
  readonly isOrdered: boolean;
  readonly leftOut: readonly LeftOut[];
}

export interface LeftOut {
  /** A file, a folder or an array. */
  readonly what: string;
  readonly why: string;
}

export interface Description {
  /** For people, in lines: what it is, and the value. */
  readonly lines: readonly (readonly [name: string, value: string])[];
  /** The same for programs. */
  readonly record: Readonly<Record<string, unknown>>;
  /** SHA-256 of the bytes. */
  readonly checksum: string;
  readonly leftOut: readonly LeftOut[];
  /**
   * A command that uses it, what comes before the path and behind it: `softdraw train vae --data` and ` --size 28`. Or, where none
   * takes it as it is, what is to be done first.
   */
  readonly example: { readonly command: string; readonly options: string } | { readonly first: string };
}

/** Values of a whole data set at most, a byte each: pixels, three times as many in colour. They are in memory at once. */
export const MOST_VALUES = 2 ** 30;
