/** The tests' relational inference: its configuration, its training, and its networks again in float64. */

import type { Checkpoint } from "../src/checkpoint/safetensors.ts";
import { graphs } from "../src/graphs/index.ts";
import { sum, trainingOf } from "./support.ts";

export type Config = Parameters<typeof graphs.run>[0];

/** All of it spelled out, so that other defaults change no test. */
const SETTINGS = {
  seed: 5,
  system: "springs",
  particles: 3,
  simulations: 8,
  graph: "inferred",
  epochs: 2,
  batch: 4,
  unroll: 4,
  estimator: "relaxed",
  temperature: 0.5,
  schedule: "constant",
  variance: 5e-3,
  learningRate: 0.01,
  learningRateDecay: "none",
  hidden: 4,
  normalization: true,
};

export function configuration(values: object = {}): Config {
  return graphs.schema.parse({ ...SETTINGS, ...values });
}

export const train = trainingOf(graphs);

type Vector = readonly number[];
type Layer = (x: Vector) => number[];

/** A checkpoint's networks. Graphs are told by ordered pairs, by the receiver and then by the sender. */
export function referenceNetworks(
  { tensors }: Checkpoint,
  { particles, system }: Pick<Config, "particles" | "system">,
) {
  const numbers = (name: string) => Array.from(tensors[`model.${name}`]!.data);
  const linear = (weight: string, bias?: string): Layer => {
    const [w, b] = [numbers(weight), bias === undefined ? undefined : numbers(bias)];
    const [outputs, inputs] = tensors[`model.${weight}`]!.shape as [number, number];
    return (x) =>
      Array.from({ length: outputs }, (_, o) => (b?.[o] ?? 0) + sum(x.map((value, i) => value * w[o * inputs + i]!)));
  };
  const layer = (name: string) => linear(`${name}.weight`, `${name}.bias`);
  const pairs = Array.from({ length: particles }, (_, receiver) =>
    Array.from({ length: particles }, (_, sender) => ({ receiver, sender })).filter(
      ({ sender }) => sender !== receiver,
    ),
  ).flat();
  const add = (a: Vector, b: Vector) => a.map((value, i) => value + b[i]!);
  const relu = (x: Vector) => x.map((value) => Math.max(0, value));
  const elu = (x: Vector) => x.map((value) => (value > 0 ? value : Math.exp(value) - 1));
  const total = (vectors: readonly Vector[]) => vectors.reduce(add);

  const block = (name: string) => {
    const [first, second] = [layer(`encoder.${name}.first`), layer(`encoder.${name}.second`)];
    const running = (statistic: string) => tensors[`statistics.${name}.${statistic}`]?.data;
    const [means, variances] = [running("mean"), running("variance")];
    return (x: Vector, more?: Vector) => {
      const given = elu(second(elu(more ? add(first(x), more) : first(x))));
      if (means === undefined) return given;
      const [scale, offset] = [numbers(`encoder.${name}.norm.scale`), numbers(`encoder.${name}.norm.offset`)];
      return given.map((value, i) => ((value - means[i]!) / Math.sqrt(variances![i]! + 1e-5)) * scale[i]! + offset[i]!);
    };
  };

  return {
    /** The logits of both kinds of every pair, of the paths of one simulation, a list a particle. */
    encode(paths: readonly Vector[]): number[][] {
      const own = paths.map((path) => block("particles")(path));
      const seen = pairs.map(({ sender, receiver }) => block("pairs")([...own[sender]!, ...own[receiver]!]));
      const gathered = own.map((_, particle) => {
        const received = total(seen.filter((_, pair) => pairs[pair]!.receiver === particle));
        return block("gathered")(received.map((value) => value / particles));
      });
      const [skip, kinds] = [linear("encoder.skip"), layer("encoder.kinds")];
      return pairs.map(({ sender, receiver }, pair) =>
        kinds(block("together")([...gathered[sender]!, ...gathered[receiver]!], skip(seen[pair]!))),
      );
    },

    /** The frame after one, by how much every pair is of each kind. */
    next(frame: readonly Vector[], kinds: readonly Vector[]): number[][] {
      const sending = system === "springs" ? [1] : [0, 1];
      const networks = sending.map((_, i) => {
        const [first, second] = [layer(`decoder.messages.${i}.first`), layer(`decoder.messages.${i}.second`)];
        return (x: Vector) => relu(second(relu(first(x))));
      });
      const update = "decoder.update";
      const [own, received] = [linear(`${update}.own`), layer(`${update}.received`)];
      const [second, difference] = [layer(`${update}.second`), layer(`${update}.difference`)];
      return frame.map((features, particle) => {
        const messages = pairs.flatMap(({ sender, receiver }, pair) =>
          receiver !== particle
            ? []
            : networks.map((network, i) =>
                network([...frame[sender]!, ...frame[receiver]!]).map((value) => value * kinds[pair]![sending[i]!]!),
              ),
        );
        const hidden = relu(second(relu(add(own(features), received(total(messages))))));
        return add(features, difference(hidden));
      });
    },
  };
}
