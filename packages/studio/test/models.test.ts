/** The models that come with the page, here tiny ones. */

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeCheckpoint } from "@softdraw/experiments/checkpoint/safetensors";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeModel } from "../build/make-model.ts";
import { modelFiles } from "../build/models.ts";
import { configurationOf, type Values } from "../src/lab/catalog.ts";
import { shippedValues } from "../src/lab/shipped.ts";

const TINY = { simulations: 8, batch: 4, hidden: 4, epochs: 1, particles: 3, unroll: 2 };

describe("a model that comes with the page", () => {
  let folder: string;
  const told: string[] = [];
  const make = (values: Values) =>
    makeModel({ folder, name: "graphs", values, examples: 2, tell: (line) => told.push(line) });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "softdraw-models-"));
    await make(TINY);
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  test("is made once, until what it depends on changes", async () => {
    const bytes = await readFile(join(folder, "graphs.safetensors"));
    await make(TINY);
    expect(told.at(-1)).toBe("graphs: it is there.");
    await make({ ...TINY, seed: 1 });
    expect(told.at(-1)).not.toBe("graphs: it is there.");
    expect(await readFile(join(folder, "graphs.safetensors"))).not.toEqual(bytes);
  });

  test("is a checkpoint that says its configuration and what else the page needs", async () => {
    const { metadata } = decodeCheckpoint(await readFile(join(folder, "graphs.safetensors")), "graphs");
    expect(JSON.parse(metadata.config!)).toMatchObject(TINY);
    expect(JSON.parse(metadata.scale!).position.least).toBeLessThan(0);
  });

  test("is listed with how often it is right", async () => {
    const files = await modelFiles(folder);
    expect(Object.keys(files)).toEqual(["graphs.safetensors", "index.json"]);
    const { graphs } = JSON.parse(files["index.json"] as string);
    expect(graphs).toEqual({ file: "graphs.safetensors", judged: { value: expect.any(Number), examples: 2 } });
    // Of two simulations of three particles there are twelve directions.
    expect((graphs.judged.value * 12) / 100).toBeCloseTo(Math.round((graphs.judged.value * 12) / 100), 9);
  });
});

test("without models the index is empty", async () => {
  expect(await modelFiles(join(tmpdir(), "softdraw-no-such-folder"))).toEqual({ "index.json": "{}" });
});

test.each(Object.entries(shippedValues))("%s is trained with values that there are", (name, values) => {
  expect(configurationOf(name, values)).toMatchObject(values);
});
