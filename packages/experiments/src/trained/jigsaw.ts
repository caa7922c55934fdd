/** A trained jigsaw solver. */

import { numpy as np, random, tree } from "@jax-js/jax";
import { permutation } from "softdraw";
import type { Checkpoint } from "../checkpoint/safetensors.ts";
import { columnsOf } from "../jigsaw/judge.ts";
import { initModel, judgePieces, numbersLeft, patchesOf, type State, scaled, schema } from "../jigsaw/method.ts";
import { configOf, countOf, kernelOf, type Parts, sizesOf, stateIn } from "./parts.ts";

/** Of `softdraw train jigsaw`. Each picture is all its pieces, shuffled. */
export interface TrainedJigsaw extends Parts<"jigsaw"> {
  /** Pieces each way. A picture has `places = across * across` of them, and its places are numbered row by row from the top left. */
  readonly across: number;
  /** 3 for pieces in colour, whose channels are beside each other; 1 for grey ones. */
  readonly channels: number;
  /** Pieces `[count, places, side, side, channels]`, from 0 to 1, to a score of each place for each piece, `[count, places, places]`. */
  score(pieces: Float32Array, size: { readonly side: number }): Promise<Float32Array>;
  /** The same pieces to the place of each by the best assignment of the scores, `[count, places]`. */
  place(pieces: Float32Array, size: { readonly side: number }): Promise<Float32Array>;
}

type Solver = Pick<State, "model" | "statistics">;

export function loadJigsaw(checkpoint: Checkpoint, file: string): TrainedJigsaw {
  const config = configOf(schema, checkpoint, file);
  const { tensors } = checkpoint;
  const seen = tensors[config.hidden > 0 ? "model.hidden.weight" : "model.scores"]?.shape[1] ?? 0;
  const channels = (tensors["model.convolution.weight"]?.shape[2] ?? 0) === 15 ? 3 : 1;
  const init = () => initModel(random.key(0), config, { inputs: seen, colours: channels });
  const solver: Solver = stateIn(checkpoint, init);
  const places = config.pieces ** 2;
  const scored = kernelOf(solver, ({ model, statistics }: Solver, x) => judgePieces(model, statistics, x));

  const scoresOf = (name: string, pieces: Float32Array, size: { readonly side: number }) => {
    const { side } = sizesOf(`${name}: size`, size, ["side"]);
    const left = numbersLeft(config, side);
    if (left !== seen) {
      throw new RangeError(
        `${name}: expected pieces of which the convolution leaves ${seen} numbers, as of those that were trained on, ` +
          `got a side of ${side}, of which it leaves ${left}.`,
      );
    }
    countOf(`${name}: pieces`, pieces, places * side * side * channels);
    const cut = { across: config.pieces, side, top: 0, left: 0, channels } as const;
    return scored(patchesOf(pieces.map(scaled), cut));
  };
  return {
    experiment: "jigsaw",
    across: config.pieces,
    channels,
    score: async (pieces, size) => scoresOf("score", pieces, size),
    async place(pieces, size) {
      const scores = await scoresOf("place", pieces, size);
      const matching = await permutation.mode(
        np.array(scores, { shape: [scores.length / places ** 2, places, places] }),
      );
      return Float32Array.from(columnsOf((await matching.data()) as Float32Array, places));
    },
    dispose: () => tree.dispose(solver),
  };
}
