/** Makes a model that comes with the page, once. */

import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describeCheckpoint } from "@softdraw/experiments/checkpoint/described";
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from "@softdraw/experiments/checkpoint/safetensors";
import { generated } from "@softdraw/experiments/data/types";
import type { BaseConfig, Trained } from "@softdraw/experiments/experiment";
import { withScale } from "@softdraw/experiments/graphs/inference";
import type { Config } from "@softdraw/experiments/graphs/method";
import { ensureFolder, writeAtomically } from "@softdraw/lab/runs/files";
import { build, type Rolldown } from "vite";
import { configurationOf, experimentNamed, type Values } from "../src/lab/catalog.ts";
import type { Judged } from "../src/lab/shipped.ts";
import { EXTENSION, JUDGED, MADE_OF } from "./models.ts";

/** What it is judged on. The seed is another than that of the training. */
const EXAMPLES = 1000;
const SEED = 1;

interface Wish {
  readonly folder: string;
  /** Of its experiment, which makes its own data. */
  readonly name: string;
  readonly values: Values;
  /** How many examples it is judged on. */
  readonly examples?: number;
  /** Told of every epoch that is done. */
  tell(line: string): void;
}

/** Trains a model and keeps it in the folder, unless one that the same program made with the same values is there. */
export async function makeModel({ folder, name, values, examples = EXAMPLES, tell }: Wish): Promise<void> {
  const path = join(folder, `${name}${EXTENSION}`);
  const madeOf = await hashOf(name, { values, examples });
  if ((await madeOfFile(path)) === madeOf) return tell(`${name}: it is there.`);
  const config = configurationOf(name, values);
  const trained = { config, checkpoint: await train(name, config, tell) };
  const judged = await judge(name, trained, examples);
  tell(`${name}: ${judged.value.toFixed(2)} on ${examples} examples that it never saw.`);
  const { tensors, metadata } = describeCheckpoint(await completed(name, trained), config);
  const facts = { [MADE_OF]: madeOf, [JUDGED]: JSON.stringify(judged) };
  await ensureFolder(folder);
  await writeAtomically(path, encodeCheckpoint({ tensors, metadata: { ...metadata, ...facts } }));
}

async function train(name: string, config: BaseConfig, tell: Wish["tell"]): Promise<Checkpoint> {
  const experiment = experimentNamed(name);
  for await (const { epoch, epochs, record, checkpoint } of experiment.run(config, { data: generated })) {
    if (record === undefined) continue;
    const figures = experiment.results([record]).filter(({ value }) => Number.isFinite(value));
    const words = figures.map(({ name, value, digits, unit = "" }) =>
      `${name} ${value.toFixed(digits)} ${unit}`.trim(),
    );
    tell(`${name}: epoch ${epoch} of ${epochs}, ${words.join(", ")}`);
    if (epoch === epochs) return checkpoint();
  }
  throw new Error(`${name}: its training ended without a last epoch.`);
}

async function judge(name: string, trained: Trained<BaseConfig>, examples: number): Promise<Judged> {
  const [first] = await experimentNamed(name).evaluate(trained, generated, { examples, seed: SEED });
  return { value: first!.value, examples };
}

/** With what the page would else have to compute anew. */
function completed(name: string, trained: Trained<BaseConfig>): Promise<Checkpoint> {
  if (name === "graphs") return withScale(trained as Trained<Config>);
  return Promise.resolve(trained.checkpoint);
}

// What it depends on --------------------------------------------------------------------------------------------------

/** A hash of the program that trains it, the engine included, without comments and what it does not use; and of what for. */
async function hashOf(name: string, settings: object): Promise<string> {
  const hash = createHash("sha256").update(JSON.stringify(settings));
  for (const text of await programOf(name)) hash.update(text);
  return hash.digest("hex");
}

async function programOf(name: string): Promise<string[]> {
  const bundle = (await build({
    configFile: fileURLToPath(new URL("../vite.config.ts", import.meta.url)),
    logLevel: "warn",
    build: {
      write: false,
      rolldownOptions: { input: fileURLToPath(import.meta.resolve(`@softdraw/experiments/${name}/index`)) },
    },
  })) as Rolldown.RolldownOutput;
  return bundle.output.flatMap((part) => (part.type === "chunk" ? [part.code] : []));
}

/** What the model that is there depended on; undefined where there is none, or it does not say so. */
async function madeOfFile(path: string): Promise<string | undefined> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  return bytes && decodeCheckpoint(bytes, path).metadata[MADE_OF];
}
