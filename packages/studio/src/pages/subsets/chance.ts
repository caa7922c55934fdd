/** How far off figures are by the luck of the draws alone. */

/**
 * The total variation, on average, between shares of so many draws and their law: each share has a normal law in the limit, of
 * this standard deviation a draw.
 */
export function totalVariationByChance(deviations: readonly number[], draws: number): number {
  return deviations.reduce((sum, deviation) => sum + deviation * Math.sqrt(2 / (Math.PI * draws)), 0) / 2;
}

/** Half the width of the band in which 19 of 20 shares of so many draws lie. */
export function bandOf(share: number, draws: number): number {
  return 1.96 * Math.sqrt((share * (1 - share)) / draws);
}

/** A share of the draws in per cent, with that band; what never came is said to be so. */
export function percentOf(share: number, draws: number): string {
  // With probability 0.95, what comes in none of the draws has a probability below 3 / draws.
  if (share === 0) return `not one of ${draws.toLocaleString("en")} draws`;
  const digits = 100 * bandOf(share, draws) < 1 ? 1 : 0;
  return `${(100 * share).toFixed(digits)} ± ${(100 * bandOf(share, draws)).toFixed(digits)} %`;
}
