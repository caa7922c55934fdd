/** Findings as tables to read, or to paste into a document. */

import { type Comparison, type Findings, type Measurement, meets, type Target } from "./benchmark.ts";
import { busyWarning, type Machine } from "./machine.ts";
import { summarize } from "./statistics.ts";

export function machineText(machine: Machine): string {
  const { processor, cores, node, date, load } = machine;
  const lines = [`${processor}, ${cores} cores, Node.js ${node}, ${date}, load ${load.toFixed(2)}`];
  return [...lines, busyWarning(machine) ?? []].flat().join("\n");
}

export function findingsText({ title, unit, tables: given = [], measurements, comparisons, notes }: Findings): string {
  const tables = [
    ...given.map(({ head, rows }) => table(head, rows)),
    table([unit, "median", "min", "max"], measurements.map(measurementRow)),
    table(["ratio, round by round", "median", "min", "max", "target", ""], comparisons.map(comparisonRow)),
  ];
  return [`## ${title}`, ...tables, notes.join("\n")].filter((part) => part !== "").join("\n\n");
}

function measurementRow({ name, samples }: Measurement): string[] {
  const { median, min, max } = summarize(samples);
  return [name, ...[median, min, max].map(number)];
}

function comparisonRow({ name, ratios, target }: Comparison): string[] {
  const { median, min, max } = summarize(ratios);
  const verdict = target ? [targetText(target), meets(median, target) ? "met" : "MISSED"] : ["", ""];
  return [name, ...[median, min, max].map(number), ...verdict];
}

function targetText(target: Target): string {
  return "atMost" in target ? `at most ${target.atMost}` : `at least ${target.atLeast}`;
}

/** Three digits that count, and thousands in full. */
export function number(value: number): string {
  return value >= 1000 ? value.toFixed(0) : value.toPrecision(3);
}

/** A Markdown table with its columns in line: the first one to the left, the others to the right. Empty without rows. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return "";
  const widths = head.map((name, i) =>
    Math.max(3, ...[name, ...rows.map((row) => row[i]!)].map((cell) => cell.length)),
  );
  const pad = (cell: string, i: number) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!));
  const line = (cells: readonly string[]) => `| ${cells.map(pad).join(" | ")} |`;
  const rule = widths.map((width, i) => (i === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`));
  return [line(head), line(rule), ...rows.map(line)].join("\n");
}
