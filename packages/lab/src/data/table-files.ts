/** One's own data as a table: described here, and read by the commands that take tables. */

import { readFile } from "node:fs/promises";
import { formatNumber } from "../report/numbers.ts";
import { sha256 } from "./files.ts";
import type { DataKind, Description } from "./kind.ts";
import { ownName } from "./names.ts";
import type { Place } from "./places.ts";
import { describeTable, isTableFile, readTable, type TableDescription } from "./tables.ts";

export const tableFiles: DataKind = {
  name: "a table",
  words: "a table (.csv, .tsv or .parquet)",
  recognizes: ({ path, isFolder }) => !isFolder && isTableFile(path),
  nameOf: async ({ path }) => ownName(path, sha256(await readFile(path))),
  describe,
};

async function describe({ path }: Place): Promise<Description> {
  const { checksum, ...table } = await readTable(path, { mixed: "left out" });
  const { rows, columns, leftOut } = describeTable(table);
  return {
    lines: [
      ["kind", "a table"],
      ["rows", formatNumber(rows, 0)],
      ...columns.map((column) => [`column ${column.name}`, describeColumn(column)] as const),
    ],
    record: { kind: "table", rows, columns },
    checksum,
    leftOut: leftOut.map(({ name, reason }) => ({ what: name, why: reason })),
    example: { command: "softdraw select", options: ` --target ${columns.at(-1)?.name ?? "COLUMN"}` },
  };
}

function describeColumn({ kind, different, missing, dates }: TableDescription["columns"][number]): string {
  const numbers = dates === undefined ? "numbers" : `dates, ${dates.join(" to ")}, as days since 1970-01-01`;
  const values =
    kind !== "category" ? `${numbers}, ${formatNumber(different, 0)} different` : `${different} categories`;
  return missing === 0 ? values : `${values}; ${formatNumber(missing, 0)} missing`;
}
