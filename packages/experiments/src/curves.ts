/** What the charts of a training show of its records. */

import type { EpochRecord } from "./experiment.ts";
import type { Series } from "./report/charts.ts";

/** Makes the line of a column over the epochs, with a gap where it was not measured. */
export function curvesOf(records: readonly EpochRecord[]): (name: string, key: string) => Series {
  return (name, key) => ({ name, points: records.map((r) => ({ x: r.epoch, y: r[key] ?? Number.NaN })) });
}
