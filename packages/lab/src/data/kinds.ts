/** The kinds of one's own data, and what tells them apart. Each has a file of its own beside this one. */

import { foreignText } from "@softdraw/experiments/foreign-text";
import { WrongCall } from "../errors.ts";
import { arrays } from "./arrays.ts";
import { idxFiles } from "./idx-files.ts";
import type { DataKind } from "./kind.ts";
import { pictures } from "./pictures.ts";
import { type Place, placeAt } from "./places.ts";
import { tableFiles } from "./table-files.ts";

/** In the order in which they are asked: any other folder may hold pictures. */
const kinds: readonly DataKind[] = [idxFiles, arrays, tableFiles, pictures];

/**
 * What a path is.
 *
 * @throws WrongCall for a path where there is nothing, or nothing of any kind
 */
export async function kindAt(path: string): Promise<{ kind: DataKind; place: Place }> {
  const place = await placeAt(path);
  const kind = kinds.find((kind) => kind.recognizes(place));
  if (kind !== undefined) return { kind: blamed(kind), place };
  const expected = kinds.map(({ words }) => words).join(", or ");
  throw new WrongCall(`${foreignText(path, path.length)}: expected ${expected}, got another file.`);
}

function blamed(kind: DataKind): DataKind {
  const { nameOf, describe, load } = kind;
  return {
    ...kind,
    nameOf: blamingCaller(nameOf),
    describe: blamingCaller(describe),
    ...(load && { load: blamingCaller(load) }),
  };
}

/**
 * The same work, for which a file that cannot be used is a wrong call, as is one that is not there: whoever called named it. What the
 * system refuses, or a library that is not installed, stays a failure.
 */
export function blamingCaller<Args extends unknown[], T>(
  work: (...args: Args) => Promise<T>,
): (...args: Args) => Promise<T> {
  return async (...args) => {
    try {
      return await work(...args);
    } catch (error) {
      throw isOfContent(error) ? new WrongCall(error.message, { cause: error }) : error;
    }
  };
}

/** Readers say what is wrong by plain errors, without the code that the system's have. */
function isOfContent(error: unknown): error is Error {
  const kinds: unknown[] = [Error.prototype, RangeError.prototype];
  return (
    error instanceof Error &&
    kinds.includes(Object.getPrototypeOf(error)) &&
    !("code" in error) &&
    !/not installed/.test(error.message)
  );
}
