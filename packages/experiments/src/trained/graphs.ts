/** Trained neural relational inference. */

import { numpy as np, random, tree } from "@jax-js/jax";
import type { Checkpoint } from "../checkpoint/safetensors.ts";
import { byRunning, encode } from "../graphs/encoder.ts";
import { inferenceOf } from "../graphs/inferred.ts";
import { initNetworks, type Networks, schema } from "../graphs/method.ts";
import { decode } from "../graphs/model.ts";
import { knownScaleOf, scaled, unscaled } from "../graphs/scale.ts";
import { FEATURES, SEEN_FRAMES } from "../graphs/systems.ts";
import { splitKey } from "../nn/keys.ts";
import { configOf, countOf, kernelOf, type Parts, sizesOf, stateIn } from "./parts.ts";

/**
 * Of `softdraw train graphs`. Pairs are ordered, by the receivers in order and of each by the senders in order:
 * `pairs = particles * (particles - 1)`.
 *
 * Where both kinds of pairs send messages, as of charges, nobody says which of them is called an edge.
 */
export interface TrainedGraphs extends Parts<"graphs"> {
  readonly particles: number;
  /** Frames that a graph is told from, and numbers that a particle has in each, as simulations have them. */
  readonly frames: number;
  readonly features: number;
  /**
   * Paths `[count, particles, frames, features]` to the logits of no edge and of an edge of every pair, `[count, pairs, 2]`.
   *
   * @throws RangeError for a model whose graph is given
   */
  encode(paths: Float32Array): Promise<Float32Array>;
  /** The same paths to the most probable graph, 1 for an edge and 0 for none, `[count, pairs]`. */
  choose(paths: Float32Array): Promise<Float32Array>;
  /**
   * How a motion goes on, each frame from the one before.
   *
   * @param paths what has been seen, `[count, particles, seen, features]`, of any number of frames; all but the recurrent decoders
   * go on from the last of them
   * @param edges of every pair, from 0 to 1, `[count, pairs]`; the decoder lstm does not look at them
   * @returns `[count, particles, frames, features]`
   */
  decode(
    paths: Float32Array,
    edges: Float32Array,
    size: { readonly seen: number; readonly frames: number },
  ): Promise<Float32Array>;
}

/** What is seen and what is predicted is one compiled program for each number of frames, with every frame written out. */
const MOST_FRAMES = 200;

export function loadGraphs(checkpoint: Checkpoint, file: string): TrainedGraphs {
  const config = configOf(schema, checkpoint, file);
  const { particles, system, graph } = config;
  const [features, frames, pairs] = [FEATURES[system], SEEN_FRAMES[system], particles * (particles - 1)];
  const [encoderKey, decoderKey] = splitKey(random.key(0), 2);
  const networks = stateIn(checkpoint, () => initNetworks(encoderKey, decoderKey, config));
  const inference = inferenceOf(graph);

  const logitsOf = ({ model, statistics }: Networks, paths: np.Array) => {
    tree.dispose(model.decoder);
    return encode(model.encoder!, paths, particles, byRunning(statistics));
  };
  const encoded = kernelOf(networks, logitsOf);
  const chosen = kernelOf(networks, (networks: Networks, paths) =>
    np.argmax(inference!.mode(logitsOf(networks, paths), particles), -1).astype(np.float32),
  );
  const scale = () => knownScaleOf({ config, checkpoint });
  const pathsSeen = async (name: string, paths: Float32Array) => {
    if (inference === undefined) {
      throw new RangeError(`${name}: expected a model that tells a graph, got one whose graph is given: ${graph}.`);
    }
    const count = countOf(`${name}: paths`, paths, particles * frames * features);
    return np.array(scaled(paths, await scale(), features), { shape: [count * particles, frames * features] });
  };

  const decoderOf = kept((steps: number) =>
    kernelOf(networks, ({ model, statistics }: Networks, { paths, edges }: { paths: np.Array; edges: np.Array }) => {
      tree.dispose([model.encoder ?? [], statistics ?? []]);
      const seen = paths.shape[2]!;
      const starts = paths.ref.slice([], [], seen - 1).reshape([-1, 1, particles, features]);
      const before = seen > 1 && {
        before: paths.ref.slice([], [], [0, seen - 1]).reshape([-1, (seen - 1) * features]),
      };
      paths.dispose();
      const kinds = np.stack([np.subtract(1, edges.ref), edges], -1);
      const predicted = decode(model.decoder, config, { kinds, starts, steps, ...before });
      return np.stack(predicted, 3).reshape([-1, particles, steps, features]);
    }),
  );
  return {
    experiment: "graphs",
    particles,
    frames,
    features,
    encode: async (paths) => encoded(await pathsSeen("encode", paths)),
    choose: async (paths) => chosen(await pathsSeen("choose", paths)),
    async decode(paths, edges, size) {
      const { seen, frames } = sizesOf("decode: size", size, ["seen", "frames"]);
      checkFrames("seen", seen);
      checkFrames("frames", frames);
      const count = countOf("decode: paths", paths, particles * seen * features);
      if (countOf("decode: edges", edges, pairs) !== count) {
        throw new RangeError(`decode: edges: expected ${count} rows, as of paths, got ${edges.length / pairs}.`);
      }
      const known = await scale();
      const inputs = {
        paths: np.array(scaled(paths, known, features), { shape: [count, particles, seen, features] }),
        edges: np.array(edges as Float32Array<ArrayBuffer>, { shape: [count, pairs] }),
      };
      return unscaled(await decoderOf(frames)(inputs), known, features);
    },
    dispose: () => tree.dispose(networks),
  };
}

function checkFrames(name: string, frames: number): void {
  if (frames <= MOST_FRAMES) return;
  throw new RangeError(`decode: size: ${name}: expected at most ${MOST_FRAMES}, got ${frames}.`);
}

/** Makes one thing for every number, and that once. */
function kept<Thing>(make: (n: number) => Thing): (n: number) => Thing {
  const made = new Map<number, Thing>();
  return (n) => {
    const thing = made.get(n) ?? make(n);
    made.set(n, thing);
    return thing;
  };
}
