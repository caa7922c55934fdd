/**
 * What a step minimizes, and its gradient, against the model in float64: the draw of a step is known from the key of the
 * checkpoint before it, and its gradient from the optimizer's running means before and after.
 */

import { numpy as np } from "@jax-js/jax";
import { noise } from "softdraw";
import { beforeAll, describe, expect, test } from "vitest";
import { categoricalVae } from "../src/categorical-vae/index.ts";
import type { Checkpoint } from "../src/checkpoint/safetensors.ts";
import { shuffledOrder } from "../src/data/batches.ts";
import type { DatasetSplits } from "../src/data/types.ts";
import { splitKey, streamKey } from "../src/nn/keys.ts";
import {
  type Choices,
  type Config,
  configuration,
  divergence,
  logLikelihood,
  referenceModel,
  softmax,
} from "./categorical-vae-support.ts";
import { fewDigits, HOOK_TIMEOUT, indexOfLargest, mean, moved, pixelsOf } from "./support.ts";

const BATCH = 3;
let data: DatasetSplits;

beforeAll(async () => {
  data = await fewDigits(3 * BATCH, 12);
}, HOOK_TIMEOUT);

/** Two steps at a learning rate that changes nothing. */
async function twoSteps(config: Config): Promise<{ before: Checkpoint; after: Checkpoint; loss: number }> {
  const checkpoints: Checkpoint[] = [];
  for await (const event of categoricalVae.run({ ...config, learningRate: 1e-35 }, { data })) {
    checkpoints.push(await event.checkpoint());
    if (event.step === 2) return { before: checkpoints[0]!, after: checkpoints[1]!, loss: event.loss };
  }
  throw new Error("The training had no second step.");
}

/** The Gumbel noise of the step after a checkpoint, `[image][choice][category]`. */
async function noiseAfter({ tensors }: Checkpoint, { variables, classes }: Config): Promise<Choices[]> {
  const [, drawKey] = splitKey(np.array(tensors.key!.data as Uint32Array<ArrayBuffer>), 2) as [np.Array, np.Array];
  return (await noise.gumbel(drawKey, [BATCH, variables, classes]).jsAsync()) as Choices[];
}

/** The images of step 2 of epoch 1. */
async function secondBatch({ seed }: Config): Promise<number[][]> {
  const order = await shuffledOrder(streamKey(seed, 1), data.train.count);
  return Array.from(order.subarray(BATCH, 2 * BATCH), (row) => pixelsOf(data.train, row));
}

const perturb = (logits: Choices, gumbel: Choices): Choices =>
  logits.map((row, v) => row.map((logit, c) => logit + gumbel[v]![c]!));
const relaxed = (perturbed: Choices, temperature: number): Choices =>
  perturbed.map((row) => softmax(row.map((x) => x / temperature)));
const exact = (perturbed: Choices): Choices => perturbed.map((row) => row.map((x) => Number(x === Math.max(...row))));

/**
 * The loss as a function of the parameters. Exact choices stay at those of `origin` and move with the relaxed ones from
 * there: the function whose slope a straight-through gradient is.
 */
function referenceLoss(config: Config, origin: Checkpoint, images: number[][], gumbel: Choices[], weight: number) {
  const drawn = (checkpoint: Checkpoint, i: number) =>
    perturb(referenceModel(checkpoint, config).encode(images[i]!), gumbel[i]!);
  const shifts = images.map((_, i) => {
    const perturbed = drawn(origin, i);
    const soft = relaxed(perturbed, config.temperature);
    return exact(perturbed).map((row, v) => row.map((x, c) => (config.hard ? x - soft[v]![c]! : 0)));
  });
  return (checkpoint: Checkpoint): number => {
    const { encode, decode } = referenceModel(checkpoint, config);
    const losses = images.map((image, i) => {
      const logits = encode(image);
      const soft = relaxed(perturb(logits, gumbel[i]!), config.temperature);
      const choices = soft.map((row, v) => row.map((x, c) => x + shifts[i]![v]![c]!));
      return weight * divergence(logits) - logLikelihood(image, decode(choices));
    });
    return mean(losses);
  };
}

const cases: { name: string; values: Partial<Config>; weight: number }[] = [
  { name: "temperature 1", values: {}, weight: 1 },
  { name: "temperature 0.5, another code", values: { temperature: 0.5, variables: 3, classes: 7 }, weight: 1 },
  { name: "exact choices", values: { hard: true, initialization: "fan-in" }, weight: 1 },
  { name: "ReLU on the logits", values: { encoderRelu: true }, weight: 1 },
  // Of three steps, the second has two quarters of the weight.
  { name: "a divergence that is warming up", values: { divergenceWarmup: 1 }, weight: 0.5 },
];

describe.each(cases)("the objective at $name", ({ values, weight }) => {
  const config = configuration({ batch: BATCH, epochs: 1, ...values });

  test("is reconstruction plus divergence of the step's own draw, and its gradient is that sum's slope", async () => {
    const { before, after, loss } = await twoSteps(config);
    const lossAt = referenceLoss(config, before, await secondBatch(config), await noiseAfter(before, config), weight);
    expect(loss / lossAt(before)).toBeCloseTo(1, 4);
    for (const part of ["encoder", "decoder"]) {
      for (const name of [`${part}.0.weight`, `${part}.1.weight`, `${part}.2.weight`, `${part}.2.bias`]) {
        const meanBefore = before.tensors[`optimizer.mean.${name}`]!.data;
        const meanAfter = after.tensors[`optimizer.mean.${name}`]!.data;
        const gradient = Array.from(meanAfter, (m, i) => (m - 0.9 * meanBefore[i]!) / 0.1);
        const at = indexOfLargest(gradient);
        const step = 1e-4;
        const slope =
          (lossAt(moved(before, `model.${name}`, at, step)) - lossAt(moved(before, `model.${name}`, at, -step))) /
          (2 * step);
        expect(gradient[at]! / slope, name).toBeCloseTo(1, 2);
      }
    }
  });
});

describe("what is measured after an epoch", () => {
  test("the divergence of a record is that of the whole test set", async () => {
    const config = configuration({ batch: BATCH });
    let recorded: number | undefined;
    let checkpoint: Checkpoint | undefined;
    for await (const event of categoricalVae.run(config, { data })) {
      recorded = event.record?.divergence;
      checkpoint = await event.checkpoint();
    }
    const { encode } = referenceModel(checkpoint!, config);
    const expected = Array.from({ length: data.test.count }, (_, i) => divergence(encode(pixelsOf(data.test, i))));
    expect(recorded).toBeCloseTo(mean(expected), 4);
  });
});
