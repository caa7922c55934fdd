/** How far off the figures of drawn estimates may be, by chance. */

/**
 * Half the width of the band in which the root mean square of so many draws lies 19 of 20 times, from the squares of some of
 * them: the standard deviation of a square, over the root of the number of draws, carried through the root.
 */
export function bandOfRoot(squares: readonly number[], draws: number): number {
  const mean = squares.reduce((a, b) => a + b, 0) / squares.length;
  if (mean === 0) return 0;
  const variance = squares.reduce((sum, square) => sum + (square - mean) ** 2, 0) / squares.length;
  return (1.96 * Math.sqrt(variance / draws)) / (2 * Math.sqrt(mean));
}

/** The squared lengths of rows of n numbers, each less `center`. */
export function squaredLengths(rows: ArrayLike<number>, center: readonly number[]): number[] {
  const n = center.length;
  return Array.from({ length: rows.length / n }, (_, row) =>
    center.reduce((sum, x, i) => sum + (rows[row * n + i]! - x) ** 2, 0),
  );
}
