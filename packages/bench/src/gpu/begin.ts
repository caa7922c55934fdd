/** Works as calls that can be timed. */

import { blockUntilReady, grad, jit, numpy as np, random, tree } from "@jax-js/jax";
import type { Dataset, DatasetSplits } from "@softdraw/experiments/data/types";
import { streamKey } from "@softdraw/experiments/nn/keys";
import type { Training } from "@softdraw/experiments/training/loop";
import { loadDigits } from "@softdraw/lab/data/digits";
import { categorical, noise, permutation, subset } from "softdraw";
import type { Call } from "./times.ts";
import type { Work } from "./works.ts";

interface Begun {
  readonly call: Call;
  dispose(): void;
}

/** Puts on the device what the calls need. */
export function begin({ kind, sizes, variant }: Work): Promise<Begun> | Begun {
  const [first, n] = sizes as [number, number];
  switch (kind) {
    case "categorical":
      return gradient(sizes, 1, (key, logits) => categorical.relax(key, logits));
    case "subset": {
      const options = { relaxation: variant as "threshold" | "successive" };
      return gradient(sizes, 1, (key, logits) => subset.relax(key, logits, Math.min(10, n / 2), options));
    }
    case "permutation": {
      const options = { gradient: variant as "implicit", iterations: 20 };
      return gradient(sizes, 3, (key, logits) => permutation.relax(key, logits, options));
    }
    case "gumbel":
      return operator([], () => noise.gumbel(nextKey(), [first]));
    case "sum":
      return operator([random.normal(nextKey(), [first])], jit(sumInSteps));
    case "product":
      return operator([random.normal(nextKey(), [...sizes]), random.normal(nextKey(), [...sizes])], jit(np.matmul));
    default:
      return trainingStep(kind, first);
  }
}

let keys = 0;

function nextKey(): np.Array {
  return streamKey(keys++, 0);
}

/** As docs/performance.md has it: no thread adds up more than some hundred numbers. */
function sumInSteps(x: np.Array): np.Array {
  return x.reshape([-1, 100, 100]).sum(0).sum(0).sum();
}

function gradient(
  shape: readonly number[],
  scale: number,
  relax: (key: np.Array, logits: np.Array) => np.Array,
): Begun {
  const cotangent = random.normal(nextKey(), [...shape]);
  const ofLogits = jit((logits: np.Array, cotangent: np.Array, key: np.Array) =>
    grad((x: np.Array) => relax(key, x).mul(cotangent).sum())(logits),
  );
  const logits = random.normal(nextKey(), [...shape]).mul(scale);
  return operator([logits, cotangent], (logits, cotangent) => ofLogits(logits!, cotangent!, nextKey()));
}

/** A function of arrays, which it consumes and which are kept for the next call. */
function operator(inputs: np.Array[], f: (...inputs: np.Array[]) => np.Array): Begun {
  return {
    call() {
      const result = f(...tree.ref(inputs));
      return { done: blockUntilReady(result), drop: () => result.dispose() };
    },
    dispose: () => tree.dispose(inputs),
  };
}

/** The experiment's own step, always on the same batch. */
async function trainingStep(kind: keyof typeof methods, batch: number): Promise<Begun> {
  const { begin, batchesOf, settingsAt, update } = await trainingOf(kind, batch);
  const inputs = (await batchesOf(1))(0);
  let state = begin();
  return {
    call() {
      const next = update(state, tree.ref(inputs), settingsAt(0));
      state = next.state;
      return { done: next.measured.data(), drop: () => {} };
    },
    dispose: () => tree.dispose([inputs, state]),
  };
}

interface Method {
  readonly schema: { parse(values: object): never };
  readonly presets: Readonly<Record<string, { readonly values: object }>>;
  trainingOf(config: never, context: { data: DatasetSplits }): Training<{ [name: string]: np.Array }, np.Array>;
}

const methods = {
  vae: () => import("@softdraw/experiments/categorical-vae/method"),
  dknn: () => import("@softdraw/experiments/nearest-neighbours/method"),
  jigsaw: () => import("@softdraw/experiments/jigsaw/method"),
  sequences: () => import("@softdraw/experiments/explain/sequences/method"),
};

async function trainingOf(kind: keyof typeof methods, batch: number) {
  const digits = await loadDigits();
  // Each has types of its own, of which nothing is needed here.
  const { schema, presets, trainingOf } = (await methods[kind]()) as unknown as Method;
  const { values } = presets[kind === "sequences" ? "original" : "tutorial"]!;
  return trainingOf(schema.parse({ ...values, batch }), {
    data: { ...digits, train: repeated(digits.train, 4 * batch) },
  });
}

/** So many images at least. */
function repeated(dataset: Dataset, count: number): Dataset {
  const times = Math.ceil(count / dataset.count);
  const repeat = (bytes: Uint8Array) => {
    const all = new Uint8Array(times * bytes.length);
    for (let i = 0; i < times; i++) all.set(bytes, i * bytes.length);
    return all;
  };
  return { ...dataset, count: times * dataset.count, images: repeat(dataset.images), labels: repeat(dataset.labels) };
}
