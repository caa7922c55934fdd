/** A model in a file of ONNX, asked for what it says of examples and of parts of them. */

import { readFile } from "node:fs/promises";
import type { AskModel } from "@softdraw/experiments/explain/answers/index";
import { foreignText } from "@softdraw/experiments/foreign-text";
import { readFailure } from "../data/reasons.ts";
import { WrongCall } from "../errors.ts";
import type { Subject } from "./subject.ts";

export interface ModelOptions {
  /** What bytes of pictures become: from 0 to 1, or as they are. */
  readonly modelValues: "unit" | "byte";
  /** Taken off, and divided by, after that: one number a channel. */
  readonly modelMean?: readonly number[] | undefined;
  readonly modelDeviation?: readonly number[] | undefined;
  /** What stands in for what is not seen: the mean of all examples, or this number, such as a token. */
  readonly background: "mean" | number;
}

export interface OpenModel {
  /** Probabilities, `[parts, classes]`. */
  readonly ask: AskModel;
  readonly classes: number;
  /** What the model's output was, in words. */
  readonly output: "probabilities" | "logits";
  close(): Promise<void>;
}

/** As much of onnxruntime-web as is used: it need not be here when this is compiled. */
interface Runtime {
  readonly env: { readonly wasm: { numThreads?: number } };
  readonly Tensor: new (type: string, values: Float32Array | Int32Array | BigInt64Array, shape: number[]) => Tensor;
  readonly InferenceSession: { create(model: Uint8Array): Promise<Session> };
}

interface Tensor {
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: unknown;
}

interface Session {
  readonly inputMetadata: readonly {
    readonly name: string;
    readonly isTensor: boolean;
    readonly type?: string;
    readonly shape?: readonly (number | string)[];
  }[];
  run(inputs: Readonly<Record<string, Tensor>>): Promise<Readonly<Record<string, Tensor>>>;
  release(): Promise<void>;
}

type LoadRuntime = () => Promise<Runtime>;

/** By a name that the compiler does not follow. */
const RUNTIME: string = "onnxruntime-web";

/** Examples that are put to the model in one call. */
const AT_ONCE = 100;

/**
 * Opens a model whose first input takes a batch of examples, and one of whose outputs has a number for each class.
 *
 * @throws WrongCall for a file that is no such model; Error where the runtime is not installed
 */
export async function openModel(
  path: string,
  subject: Subject,
  options: ModelOptions,
  load: LoadRuntime = () => import(RUNTIME),
): Promise<OpenModel> {
  if (subject.onlyByAnswers !== undefined) {
    throw new WrongCall(`--model: ${subject.onlyByAnswers}. Give its answers (--predictions).`);
  }
  const runtime = await load().catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new Error(
      `${path}: models of ONNX run by onnxruntime-web, which is not installed: npm install onnxruntime-web`,
    );
  });
  // Threads of its own would compete with those of the engine, and results would depend on their number.
  runtime.env.wasm.numThreads = 1;
  const content = await readFile(path).catch((error) => {
    throw new WrongCall(readFailure(path, error).message);
  });
  const session = await keepingWorkers(() => runtime.InferenceSession.create(new Uint8Array(content))).catch(
    (error: Error) => {
      throw new WrongCall(`${path}: expected a model of ONNX, got one that cannot be opened: ${firstLine(error)}.`);
    },
  );
  try {
    const layout = layoutOf(path, session.inputMetadata, subject);
    const ask = askerOf(path, runtime, session, { subject, layout, options });
    const count = Math.min(AT_ONCE, subject.examples.count);
    const first = await ask.logitsOf(
      Int32Array.from({ length: count }, (_, i) => i),
      new Float32Array(count * subject.examples.groups).fill(1),
    );
    const { classes } = first;
    const output = isProbabilities(first.values, classes) ? "probabilities" : "logits";
    return {
      classes,
      output,
      ask: async (rows, seen) => {
        const { values } = await ask.logitsOf(rows, seen);
        return output === "probabilities" ? values : softmaxOfRows(values, classes);
      },
      close: () => session.release(),
    };
  } catch (error) {
    await session.release();
    throw error;
  }
}

/**
 * Leaves the global `Worker`, or that there is none, as it was.
 *
 * Upstream: in Node onnxruntime-web defines `Worker` for all when it starts, and the engine takes that for a sign that its memory is
 * shared.
 */
async function keepingWorkers<Result>(start: () => Promise<Result>): Promise<Result> {
  const own = Object.getOwnPropertyDescriptor(globalThis, "Worker");
  try {
    return await start();
  } finally {
    if (own === undefined) Reflect.deleteProperty(globalThis, "Worker");
    else Object.defineProperty(globalThis, "Worker", own);
  }
}

// Input ---------------------------------------------------------------------------------------------------------------

interface Layout {
  readonly input: string;
  readonly type: "float32" | "int32" | "int64";
  /** The axes of a batch of so many. */
  shape(count: number): number[];
  /** How many examples a batch has, where the model takes no other number of them. */
  readonly batch: number | undefined;
  /** Whether the channels of pictures come before their rows. */
  readonly channelsFirst: boolean;
}

function layoutOf(path: string, metadata: Session["inputMetadata"], subject: Subject): Layout {
  const [input] = metadata;
  if (metadata.length !== 1 || input === undefined || !input.isTensor) {
    throw new WrongCall(`${path}: expected a model of one input, got ${metadata.length}.`);
  }
  const { name, shape = [], type } = input;
  const isOfTokens = subject.examples.kind === "tokens";
  const expectedTypes = isOfTokens ? (["int64", "int32", "float32"] as const) : (["float32"] as const);
  const known = expectedTypes.find((expected) => expected === type);
  if (known === undefined) {
    throw new WrongCall(`${path}: expected an input of ${expectedTypes.join(" or ")} numbers, got ${type}.`);
  }
  const [first] = shape;
  const batch = typeof first === "number" && first > 0 ? first : undefined;
  const fits = (axes: readonly number[]) =>
    shape.length === axes.length + 1 &&
    axes.every((length, i) => typeof shape[i + 1] === "string" || shape[i + 1] === length);
  for (const { axes, channelsFirst } of layoutsOf(subject)) {
    if (fits(axes)) return { input: name, type: known, batch, channelsFirst, shape: (count) => [count, ...axes] };
  }
  const expected = layoutsOf(subject).map(({ axes }) => `[batch, ${axes.join(", ")}]`);
  throw new WrongCall(`${path}: expected an input ${expected.join(" or ")}, got [${shape.join(", ")}].`);
}

/** The axes that the examples can be laid out with, behind that of the batch. */
function layoutsOf({ examples, pictures }: Subject): { axes: number[]; channelsFirst: boolean }[] {
  if (pictures === undefined) {
    const width = examples.kind === "numbers" ? examples.features : examples.groups;
    return [{ axes: [width], channelsFirst: false }];
  }
  const { height, width, channels } = pictures;
  return [
    { axes: [channels, height, width], channelsFirst: true },
    { axes: [height, width, channels], channelsFirst: false },
    ...(channels === 1 ? [{ axes: [height, width], channelsFirst: false }] : []),
    { axes: [height * width * channels], channelsFirst: false },
  ];
}

/** Parts of examples as the model takes them: what is not seen is background. */
function composerOf({ examples, pictures }: Subject, { channelsFirst }: Layout, options: ModelOptions) {
  const { values, groups } = examples;
  const width = examples.kind === "numbers" ? examples.features : groups;
  const background = backgroundOf(examples, options.background);
  const channels = pictures?.channels ?? 1;
  const place = (feature: number) => {
    if (!channelsFirst) return feature;
    const pixels = width / channels;
    return (feature % channels) * pixels + Math.floor(feature / channels);
  };
  const places = Int32Array.from({ length: width }, (_, feature) => place(feature));
  const groupOf = examples.kind === "numbers" ? examples.groupOf : Int32Array.from({ length: groups }, (_, i) => i);
  const scale = pictures !== undefined && options.modelValues === "byte" ? 255 : 1;
  const { modelMean = [0], modelDeviation = [1] } = options;
  const ofChannel = (list: readonly number[], feature: number) => list[list.length === 1 ? 0 : feature % channels]!;
  const mean = Float32Array.from({ length: width }, (_, i) => (pictures ? ofChannel(modelMean, i) : 0));
  const deviation = Float32Array.from({ length: width }, (_, i) => (pictures ? ofChannel(modelDeviation, i) : 1));
  return (rows: Int32Array, seen: Float32Array): Float32Array => {
    const composed = new Float32Array(rows.length * width);
    rows.forEach((row, part) => {
      for (let i = 0; i < width; i++) {
        const isSeen = seen[part * groups + groupOf[i]!]! > 0.5;
        const value = isSeen ? values[row * width + i]! : background[i]!;
        composed[part * width + places[i]!] = (scale * value - mean[i]!) / deviation[i]!;
      }
    });
    return composed;
  };
}

function backgroundOf(examples: Subject["examples"], background: "mean" | number): Float32Array {
  const { count, values, kind } = examples;
  const width = kind === "numbers" ? examples.features : examples.groups;
  if (background !== "mean") return new Float32Array(width).fill(background);
  const sums = new Float64Array(width);
  for (let at = 0; at < values.length; at++) sums[at % width]! += values[at]!;
  return Float32Array.from(sums, (sum) => sum / count);
}

// Output --------------------------------------------------------------------------------------------------------------

/** Asks for the numbers of each class, some examples at a time. */
function askerOf(
  path: string,
  runtime: Runtime,
  session: Session,
  { subject, layout, options }: { readonly subject: Subject; readonly layout: Layout; readonly options: ModelOptions },
) {
  const compose = composerOf(subject, layout, options);
  const { groups } = subject.examples;
  const { type, input } = layout;
  const tensorOf = (values: Float32Array, count: number) => {
    const shape = layout.shape(count);
    if (type === "float32") return new runtime.Tensor(type, values, shape);
    if (type === "int32") return new runtime.Tensor(type, Int32Array.from(values), shape);
    return new runtime.Tensor(type, BigInt64Array.from(values, BigInt), shape);
  };
  const logitsOf = async (rows: Int32Array, seen: Float32Array) => {
    const blocks: Float32Array[] = [];
    const most = layout.batch ?? AT_ONCE;
    for (let first = 0; first < rows.length; first += most) {
      const own = rows.subarray(first, first + most);
      const part = seen.subarray(first * groups, (first + own.length) * groups);
      // A model of batches of one size gets a last one that is filled up.
      const size = layout.batch ?? own.length;
      const composed = compose(own, part);
      const values = new Float32Array((size * composed.length) / own.length);
      values.set(composed);
      const answers = await session.run({ [input]: tensorOf(values, size) }).catch((error: Error) => {
        throw new Error(`${path}: the model failed: ${firstLine(error)}.`);
      });
      const found = Object.values(answers).find(
        ({ type, dims }) => type === "float32" && dims.length === 2 && dims[0] === size && dims[1]! > 1,
      );
      if (found === undefined) {
        const got = Object.entries(answers).map(([name, { type, dims }]) => `${name} ${type} [${dims.join(", ")}]`);
        throw new WrongCall(`${path}: expected an output of float32 numbers [batch, classes], got ${got.join("; ")}.`);
      }
      blocks.push((found.data as Float32Array).slice(0, own.length * found.dims[1]!));
    }
    const values = Float32Array.from(blocks.flatMap((block) => Array.from(block)));
    const wrong = values.findIndex((value) => !Number.isFinite(value));
    if (wrong >= 0) throw new Error(`${path}: expected finite numbers of the model, got ${values[wrong]}.`);
    return { values, classes: values.length / rows.length };
  };
  return { logitsOf };
}

function isProbabilities(values: Float32Array, classes: number): boolean {
  for (let from = 0; from < values.length; from += classes) {
    const row = values.subarray(from, from + classes);
    if (!row.every((p) => p >= 0) || Math.abs(row.reduce((a, b) => a + b, 0) - 1) > 1e-3) return false;
  }
  return true;
}

function softmaxOfRows(logits: Float32Array, classes: number): Float32Array {
  const probabilities = new Float32Array(logits.length);
  for (let from = 0; from < logits.length; from += classes) {
    const row = logits.subarray(from, from + classes);
    const largest = Math.max(...row);
    const weights = row.map((logit) => Math.exp(logit - largest));
    const sum = weights.reduce((a, b) => a + b, 0);
    probabilities.set(
      weights.map((weight) => weight / sum),
      from,
    );
  }
  return probabilities;
}

const LONGEST_REASON = 300;

/** What the runtime says, without what is not for people. */
function firstLine({ message }: Error): string {
  return foreignText(message.trim().split("\n")[0]!, LONGEST_REASON).replace(/\.$/, "");
}
