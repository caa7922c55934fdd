/** What the caller may have meant. */

import { distance } from "fastest-levenshtein";

/** ` Did you mean "x"?` for the candidate nearest to `word`, if one is near. */
export function didYouMean(word: string, candidates: readonly string[]): string {
  const [nearest] = candidates
    .map((candidate) => ({ candidate, far: distance(word.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ candidate, far }) => far <= Math.max(2, candidate.length / 3))
    .sort((a, b) => a.far - b.far);
  return nearest ? ` Did you mean "${nearest.candidate}"?` : "";
}
