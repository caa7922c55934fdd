/** Numbers as people read them, in tables and reports. */

import type { Result } from "@softdraw/experiments/experiment";

/** The number with its unit, such as `97.60 %`. */
export function formatResult({ value, digits, unit }: Pick<Result, "value" | "digits" | "unit">): string {
  return `${formatNumber(value, digits)}${unit ? ` ${unit}` : ""}`;
}

/** A fixed number of digits, with commas between thousands. */
export function formatNumber(value: number, digits: number): string {
  return value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** As `formatNumber`; a dash for what an epoch did not measure. In a file, a number that JSON lacks is null: a dash too. */
export function formatMeasured(value: number | null | undefined, digits: number): string {
  return value === undefined || value === null ? "–" : formatNumber(value, digits);
}

/** Such as `2:05`, or `1 h 12 min` from an hour on. */
export function formatDuration(seconds: number): string {
  const [minutes, rest] = [Math.floor(seconds / 60), Math.floor(seconds % 60)];
  return minutes >= 60
    ? `${Math.floor(minutes / 60)} h ${minutes % 60} min`
    : `${minutes}:${String(rest).padStart(2, "0")}`;
}
