/** `npm run bench -- [names...]`: takes the benchmarks one after the other and prints what they found. */

import { Command, InvalidArgumentError } from "commander";
import { benchmarks } from "./benchmarks/index.ts";
import { describeMachine } from "./machine.ts";
import { findingsText, machineText } from "./print.ts";

interface Options {
  readonly rounds: number;
  readonly only?: string;
  readonly json?: true;
}

const names = benchmarks.map(({ name }) => name);
const width = Math.max(...names.map((name) => name.length));
const list = benchmarks.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`).join("\n");

await new Command("npm run bench --")
  .description("Measure Softdraw beside its peers, in turn, and print medians and ratios.")
  .argument("[names...]", "benchmarks to take; default all")
  .option("--rounds <number>", "turns of every contestant", wholeNumber, 10)
  .option("--only <text>", "of benchmarks with several tables, those with this in their title")
  .option("--json", "print one JSON object, with every sample")
  .addHelpText("after", `\nBenchmarks:\n${list}\n\nExample:\n  npm run bench -- vae-step gumbel --rounds 5`)
  .action(main)
  .parseAsync();

async function main(names: string[], { rounds, only, json }: Options): Promise<void> {
  const chosen = names.length === 0 ? benchmarks : names.map(find);
  const machine = describeMachine();
  const results = [];
  if (!json) console.log(machineText(machine));
  for (const { name, run } of chosen) {
    const findings = await run({ rounds, only, onProgress: (what) => showProgress(`${name}: ${what}`) });
    showProgress("");
    results.push({ name, findings });
    if (!json && findings.length > 0) console.log(`\n${findings.map(findingsText).join("\n\n")}`);
  }
  if (only !== undefined && results.every(({ findings }) => findings.length === 0)) {
    console.error(`error: no table of ${chosen.map(({ name }) => name).join(", ")} has "${only}" in its title.`);
    process.exit(2);
  }
  if (json) console.log(JSON.stringify({ machine, results }, undefined, 2));
}

function find(name: string) {
  const found = benchmarks.find((benchmark) => benchmark.name === name);
  if (found) return found;
  console.error(`error: unknown benchmark "${name}", expected ${names.join(", ")}.`);
  process.exit(2);
}

function wholeNumber(text: string): number {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new InvalidArgumentError("Expected a whole number from 1.");
}

/** One line on the terminal, written over by the next. */
function showProgress(what: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${what}`);
}
