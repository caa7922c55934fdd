export interface PlotLine {
  readonly name: string;
  /** Thin and pale: what another line is the mean of. */
  readonly isFaint?: boolean;
  /** One for each x; null is a gap. */
  readonly values: readonly (number | null)[];
}
