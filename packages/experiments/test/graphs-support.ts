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
  decoder: "mlp",
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
  { particles, system, decoder, hidden }: Pick<Config, "particles" | "system" | "decoder" | "hidden">,
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
  const tanh = (x: Vector) => x.map(Math.tanh);
  const sigmoid = (x: Vector) => x.map((value) => 1 / (1 + Math.exp(-value)));
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

    /** Gives the frame after one, by how much every pair is of each kind; one call after the other, from frame to frame. */
    follow(kinds: readonly Vector[]): (frame: readonly Vector[]) => Vector[] {
      return { mlp: followByMlp, recurrent: followByStates, lstm: followJointly }[decoder](kinds);
    },
  };

  function messagesOf(activation: Layer, kinds: readonly Vector[], ends: readonly Vector[]): Vector[] {
    const sending = system === "springs" ? [1] : [0, 1];
    const networks = sending.map((_, i) => {
      const [first, second] = [layer(`decoder.messages.${i}.first`), layer(`decoder.messages.${i}.second`)];
      return (x: Vector) => activation(second(activation(first(x))));
    });
    return ends.map((_, particle) =>
      total(
        pairs.flatMap(({ sender, receiver }, pair) =>
          receiver !== particle
            ? []
            : networks.map((network, i) =>
                network([...ends[sender]!, ...ends[receiver]!]).map((value) => value * kinds[pair]![sending[i]!]!),
              ),
        ),
      ),
    );
  }

  function followByMlp(kinds: readonly Vector[]) {
    const update = "decoder.update";
    const [own, received] = [linear(`${update}.own`), layer(`${update}.received`)];
    const [second, difference] = [layer(`${update}.second`), layer(`${update}.difference`)];
    return (frame: readonly Vector[]) => {
      const messages = messagesOf(relu, kinds, frame);
      return frame.map((features, particle) => {
        const first = relu(add(own(features), received(messages[particle]!)));
        return add(features, difference(relu(second(first))));
      });
    };
  }

  function gateOf(name: string) {
    const [input, other] = [layer(`decoder.${name}.input`), linear(`decoder.${name}.other`)];
    return { of: (x: Vector, y: Vector) => add(input(x), other(y)), input, other };
  }

  function followByStates(kinds: readonly Vector[]) {
    const [reset, keep, candidate] = ["reset", "keep", "candidate"].map(gateOf);
    const [first, second, difference] = ["first", "second", "difference"].map((name) =>
      layer(`decoder.output.${name}`),
    );
    let states: Vector[] = Array.from({ length: particles }, () => Array.from({ length: hidden }, () => 0));
    return (frame: readonly Vector[]) => {
      const messages = messagesOf(tanh, kinds, states);
      states = frame.map((x, particle) => {
        const received = messages[particle]!.map((value) => value / (particles - 1));
        const [open, kept] = [sigmoid(reset!.of(x, received)), sigmoid(keep!.of(x, received))];
        const other = candidate!.other(received);
        const proposed = tanh(candidate!.input(x).map((value, i) => value + open[i]! * other[i]!));
        return kept.map((share, i) => share * states[particle]![i]! + (1 - share) * proposed[i]!);
      });
      return frame.map((x, particle) => add(x, difference!(relu(second!(relu(first!(states[particle]!)))))));
    };
  }

  function followJointly() {
    const [first, second, third, difference] = ["first", "second", "third", "difference"].map((name) =>
      layer(`decoder.${name}`),
    );
    const [input, forget, output, candidate] = ["input", "forget", "output", "candidate"].map((name) =>
      gateOf(`gates.${name}`),
    );
    const nothing: Vector = Array.from({ length: hidden }, () => 0);
    let [state, cell] = [nothing, nothing];
    return (frame: readonly Vector[]) => {
      const x = relu(second!(relu(first!(frame.flat()))));
      const [added, proposed] = [sigmoid(input!.of(x, state)), tanh(candidate!.of(x, state))];
      const [kept, shown] = [sigmoid(forget!.of(x, state)), sigmoid(output!.of(x, state))];
      cell = cell.map((value, i) => kept[i]! * value + added[i]! * proposed[i]!);
      state = tanh(cell).map((value, i) => value * shown[i]!);
      const moves = difference!(relu(third!(state)));
      const features = moves.length / particles;
      return frame.map((own, particle) => add(own, moves.slice(particle * features, (particle + 1) * features)));
    };
  }
}
