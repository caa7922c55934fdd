/** Charts of the lab as aligned data of a plot. */

import type { Chart } from "@softdraw/experiments/experiment";
import type { PlotLine } from "../../components/plot-line.ts";

/** Every x of any line, and for each line a value or a gap there. */
export function chartData({ series }: Pick<Chart, "series">): { x: number[]; lines: PlotLine[] } {
  const x = [...new Set(series.flatMap(({ points }) => points.map(({ x }) => x)))].sort((a, b) => a - b);
  const lines = series.map(({ name, points }) => {
    const at = new Map(points.map(({ x, y }) => [x, y]));
    const valueAt = (place: number) => {
      const y = at.get(place);
      return y !== undefined && Number.isFinite(y) ? y : null;
    };
    return { name, values: x.map(valueAt) };
  });
  return { x, lines };
}
