/** Makes a model that comes with the page, once. */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { withFreshOptimizer, withoutOptimizer } from "@softdraw/experiments/checkpoint/compact";
import { describeCheckpoint } from "@softdraw/experiments/checkpoint/described";
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from "@softdraw/experiments/checkpoint/safetensors";
import { type DatasetSplits, generated } from "@softdraw/experiments/data/types";
import type { BaseConfig, EpochRecord, Trained } from "@softdraw/experiments/experiment";
import { threesAndEights } from "@softdraw/experiments/explain/digits/method";
import { withScale } from "@softdraw/experiments/graphs/inference";
import type { Config } from "@softdraw/experiments/graphs/method";
import { loadDigits } from "@softdraw/lab/data/digits";
import { ensureFolder, writeAtomically } from "@softdraw/lab/runs/files";
import { configurationOf, experimentNamed } from "../src/lab/catalog.ts";
import { FACTS, type Judged, type Wish } from "../src/lab/shipped.ts";
import { EXTENSION, type Facts, factsIn } from "./models.ts";
import { hashOf } from "./program.ts";

/** What it is judged on, at most. The seed is another than that of the training. */
const EXAMPLES = 1000;
const SEED = 1;

interface Making extends Wish {
  /** Where it is kept, and under what name. */
  readonly place: string;
  readonly name: string;
  /** How many examples it is judged on. */
  readonly examples?: number;
  /** Told of every epoch that is done. */
  tell(line: string): void;
}

/** Trains a model and keeps it in the folder, unless one that the same program made with the same values is there. */
export async function makeModel({ place, name, experiment, folder, values, examples = EXAMPLES, tell }: Making) {
  const path = join(place, `${name}${EXTENSION}`);
  const settings = { values, examples };
  const madeOf = await hashOf(folder, settings);
  if ((await madeOfFile(path)) === madeOf) return tell(`${name}: it is there.`);
  const config = configurationOf(experiment, values);
  const data = config.data === undefined ? generated : await loadDigits();
  const { checkpoint, records } = await train(experiment, config, data, (line) => tell(`${name}: ${line}`));
  const kept = withoutOptimizer(describeCheckpoint(await completed(experiment, { config, checkpoint }), config));
  // Judged as it will be read.
  const read = withFreshOptimizer(decodeCheckpoint(encodeCheckpoint(kept, { half: true }), path));
  const judged = await judge(experiment, { config, checkpoint: read }, data, examples);
  const [first] = judged.results;
  tell(`${name}: ${first!.name} ${first!.value.toFixed(first!.digits)} on examples that it never saw.`);
  const facts: Facts = { folder, settings, madeOf, judged, records };
  const bytes = encodeCheckpoint(
    { ...kept, metadata: { ...kept.metadata, [FACTS]: JSON.stringify(facts) } },
    { half: true },
  );
  await ensureFolder(place);
  await writeAtomically(path, bytes);
}

async function train(name: string, config: BaseConfig, data: DatasetSplits, tell: Making["tell"]) {
  const experiment = experimentNamed(name);
  const records: EpochRecord[] = [];
  let checkpoint: Checkpoint | undefined;
  for await (const { epoch, epochs, step, steps, record, ...event } of experiment.run(config, { data })) {
    if (epoch === epochs && step === steps) checkpoint = await event.checkpoint();
    if (record === undefined) continue;
    records.push(rounded(record));
    const figures = experiment.results([record]).filter(({ value }) => Number.isFinite(value));
    const words = figures.map(({ name, value, digits, unit = "" }) =>
      `${name} ${value.toFixed(digits)} ${unit}`.trim(),
    );
    tell([`epoch ${epoch}`, ...words].join(", "));
  }
  if (checkpoint === undefined) throw new Error(`${name}: its training ended without a last step.`);
  return { checkpoint, records };
}

/** To six digits: more are not shown. */
function rounded(record: EpochRecord): EpochRecord {
  const entries = Object.entries(record).map(([key, value]) => [key, Number(value?.toPrecision(6))]);
  return Object.fromEntries(entries);
}

async function judge(name: string, trained: Trained<BaseConfig>, data: DatasetSplits, wished: number): Promise<Judged> {
  // Of the digits, those that are explained.
  const test = name === "explain digits" ? threesAndEights(data.test) : data.test;
  const examples = data === generated ? wished : Math.min(wished, test.count);
  return { results: await experimentNamed(name).evaluate(trained, data, { examples, seed: SEED }), examples };
}

/** With what the page would else have to compute anew. */
function completed(name: string, trained: Trained<BaseConfig>): Promise<Checkpoint> {
  if (name === "graphs") return withScale(trained as Trained<Config>);
  return Promise.resolve(trained.checkpoint);
}

/** What the model that is there depended on; undefined where there is none, or it does not say so. */
async function madeOfFile(path: string): Promise<string | undefined> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  return bytes && factsIn(decodeCheckpoint(bytes, path))?.madeOf;
}
