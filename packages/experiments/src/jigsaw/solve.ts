/** Solving the reader's own pictures. */

import { withArrays } from "../checkpoint/model.ts";
import { shuffledOrders } from "../data/batches.ts";
import { arrangePieces, cutOf, inverseOrders, knownPieces, rearranged } from "../data/pieces.ts";
import type { DatasetSplits } from "../data/types.ts";
import type { Trained } from "../experiment.ts";
import { streamKey } from "../nn/keys.ts";
import type { Picture } from "../report/pixels.ts";
import { streams } from "../training/streams.ts";
import { placesOf, restoreSolver } from "./judge.ts";
import type { Config } from "./method.ts";

/** A picture cut, shuffled and put together, and how many of its pieces are in their place. */
export interface Solved {
  readonly shuffled: Picture;
  readonly solved: Picture;
  readonly right: number;
  readonly pieces: number;
}

/**
 * Cuts any picture, shuffles it and puts it together. The network sees the pieces at the size it knows, in grey unless it knows colours.
 *
 * @throws RangeError for a picture too small
 */
export async function solve(
  { config, checkpoint }: Trained<Config>,
  { test }: DatasetSplits,
  picture: Picture,
  { seed }: { readonly seed: number },
): Promise<Solved> {
  const fine = cutOf(picture, config.pieces);
  const known = cutOf(test, config.pieces);
  const orders = await shuffledOrders(streamKey(seed, streams.measuring), 1, fine.across ** 2);
  const shuffled = arrangePieces(knownPieces(picture, fine, known), orders, known);
  const places = await withArrays(restoreSolver(checkpoint), (solver) => placesOf(solver, shuffled, known));
  const whole = inverseOrders(places, fine).map((slot) => orders[slot]!);
  return {
    shuffled: rearranged(picture, fine, orders),
    solved: rearranged(picture, fine, whole),
    right: places.filter((place, slot) => place === orders[slot]).length,
    pieces: places.length,
  };
}
