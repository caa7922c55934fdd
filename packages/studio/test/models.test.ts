/** The models that come with the page, here tiny ones. */

import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { withFreshOptimizer } from "@softdraw/experiments/checkpoint/compact";
import { decodeCheckpoint, encodeCheckpoint } from "@softdraw/experiments/checkpoint/safetensors";
import { generated } from "@softdraw/experiments/data/types";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeModel } from "../build/make-model.ts";
import { factsIn, modelFiles } from "../build/models.ts";
import { configurationOf, experimentNamed, type Values } from "../src/lab/catalog.ts";
import { FACTS, type ShippedModels, shipped } from "../src/lab/shipped.ts";

const TINY = { simulations: 8, batch: 4, hidden: 4, epochs: 1, particles: 3, unroll: 2 };

describe("a model that comes with the page", () => {
  let place: string;
  let path: string;
  const told: string[] = [];
  const make = (values: Values) =>
    makeModel({
      place,
      name: "tiny",
      experiment: "graphs",
      folder: "graphs",
      values,
      examples: 2,
      tell: (line) => told.push(line),
    });
  const read = async () => decodeCheckpoint(await readFile(path), path);

  beforeAll(async () => {
    place = await mkdtemp(join(tmpdir(), "softdraw-models-"));
    path = join(place, "tiny.safetensors");
    await make(TINY);
  });

  afterAll(() => rm(place, { recursive: true, force: true }));

  test("is made once, until what it depends on changes", async () => {
    const bytes = await readFile(path);
    await make(TINY);
    expect(told.at(-1)).toBe("tiny: it is there.");
    await make({ ...TINY, seed: 1 });
    expect(told.at(-1)).not.toBe("tiny: it is there.");
    expect(await readFile(path)).not.toEqual(bytes);
  });

  test("is a checkpoint that says its configuration and what else the page needs, and can be trained on", async () => {
    const compact = await read();
    const { metadata } = compact;
    expect(JSON.parse(metadata.config!)).toMatchObject(TINY);
    expect(JSON.parse(metadata.scale!).position.least).toBeLessThan(0);
    expect(Object.keys(compact.tensors).filter((name) => name.includes("optimizer"))).toEqual([]);
    const [experiment, config] = [
      experimentNamed("graphs"),
      configurationOf("graphs", { ...TINY, seed: 1, epochs: 2 }),
    ];
    const checkpoint = withFreshOptimizer(compact);
    experiment.check(config, { data: generated, checkpoint });
    const { value } = await experiment.run(config, { data: generated, checkpoint }).next();
    expect(value).toMatchObject({ epoch: 2, step: 1 });
    expect(value!.loss).toBeLessThan(Number.POSITIVE_INFINITY);
  });

  test("is listed with how often it is right and how its training went", async () => {
    const warned: string[] = [];
    const files = await modelFiles(place, (line) => warned.push(line));
    expect(Object.keys(files)).toEqual(["tiny.safetensors", "index.json"]);
    const { tiny } = JSON.parse(files["index.json"] as string) as ShippedModels;
    expect(tiny).toMatchObject({ experiment: "graphs", file: "tiny.safetensors", judged: { examples: 2 } });
    expect(tiny!.records.map(({ epoch }) => epoch)).toEqual([1]);
    // Of two simulations of three particles there are twelve directions.
    const right = (tiny!.judged.results[0]!.value * 12) / 100;
    expect(right).toBeCloseTo(Math.round(right), 9);
    expect(warned).toEqual([]);
  });

  test("is left out of the page where another program made it, and that is said", async () => {
    const own = await read();
    const facts = JSON.stringify({ ...factsIn(own), madeOf: "another" });
    await writeFile(
      join(place, "other.safetensors"),
      encodeCheckpoint({ ...own, metadata: { ...own.metadata, [FACTS]: facts } }),
    );
    const { [FACTS]: _, ...unsaid } = own.metadata;
    await writeFile(join(place, "silent.safetensors"), encodeCheckpoint({ ...own, metadata: unsaid }));
    const warned: string[] = [];
    const files = await modelFiles(place, (line) => warned.push(line));
    expect(Object.keys(files)).toEqual(["tiny.safetensors", "index.json"]);
    expect(warned.map((line) => line.split(" ")[0])).toEqual(["models/other.safetensors", "models/silent.safetensors"]);
  });
});

test("without models the index is empty", async () => {
  const files = await modelFiles(join(tmpdir(), "softdraw-no-such-folder"), () => {});
  expect(files).toEqual({ "index.json": "{}" });
});

test.each(Object.entries(shipped))("%s is trained with values that there are", (_, { experiment, values }) => {
  expect(configurationOf(experiment, values)).toMatchObject(values);
});
