/** The exact assignment for the tests of experiments, by trying all. */

import { permutations } from "@softdraw/testing/numbers";
import { sum } from "./support.ts";

/** The places, one a row, of the largest sum of scores, over all there are. */
export function bestPlaces(scores: readonly (readonly number[])[]): number[] {
  const worth = (places: number[]) => sum(places.map((place, slot) => scores[slot]![place]!));
  return permutations(scores.length).reduce((best, places) => (worth(places) > worth(best) ? places : best));
}
