/** Tables that tests make. */

import { problemOf } from "../../src/select/problem.ts";
import { type Reading, type Table, tableOf } from "../../src/select/table.ts";

/** A table of the texts below names. */
export function tableFrom(columns: Readonly<Record<string, readonly (string | number)[]>>, reading?: Reading): Table {
  const names = Object.keys(columns);
  const cells = names.map((name) => columns[name]!.map(String));
  return tableOf({ names, cells, place: (row) => `line ${row + 2}` }, reading);
}

/** Numbers between -1 and 1 that are as good as random, and always the same. */
export function numbers(count: number, seed: number): number[] {
  return Array.from({ length: count }, (_, i) => {
    const wave = Math.sin(12.9898 * (i + 1) + 78.233 * (seed + 1)) * 43758.5453;
    return 2 * (wave - Math.floor(wave)) - 1;
  });
}

/** Two columns whose signs say the class together and nothing alone, among six. */
export function xorProblem(rows: number) {
  const columns = Object.fromEntries(Array.from({ length: 6 }, (_, i) => [`x${i}`, numbers(rows, i)]));
  const y = columns.x1!.map((value, row) => (value * columns.x4![row]! > 0 ? "same" : "other"));
  return problemOf(tableFrom({ ...columns, y }), "y");
}
