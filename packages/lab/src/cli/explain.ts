/** `softdraw explain` */

import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fidelityOf } from "@softdraw/experiments/explain/answers/judge";
import { samplers } from "@softdraw/experiments/explain/samplers";
import { foreignText } from "@softdraw/experiments/foreign-text";
import { renderReport } from "@softdraw/experiments/report/html";
import { Diverged } from "@softdraw/experiments/training/divergence";
import { type Command, Option } from "commander";
import packageJson from "../../package.json" with { type: "json" };
import { WrongCall } from "../errors.ts";
import { type OpenModel, openModel } from "../explain/onnx.ts";
import { type Predictions, readPredictions } from "../explain/predictions.ts";
import type { Explained } from "../explain/report.ts";
import { readSubject, type Subject } from "../explain/subject.ts";
import { formatNumber } from "../report/numbers.ts";
import { ensureFolder, unlessMissing, writeAtomically } from "../runs/files.ts";
import { quote } from "../training/command.ts";
import { engineDescription } from "../training/engine.ts";
import type { Reporter } from "../training/reporter.ts";
import { addCommonOptions, begin, type CommonOptions } from "./common-options.ts";
import { checkOutDir, writePicture } from "./out-file.ts";
import { oneOf, positiveNumber, seedOption, wholeNumber } from "./parsers.ts";
import { table } from "./table.ts";

interface Options extends CommonOptions {
  readonly data?: string;
  readonly predictions?: string;
  readonly model?: string;
  readonly k: number;
  readonly patches: number;
  readonly size?: number;
  readonly grey?: boolean;
  readonly ignore?: string[];
  readonly categorical?: string[];
  readonly background: "mean" | number;
  readonly modelValues: "unit" | "byte";
  readonly modelMean?: number[];
  readonly modelDeviation?: number[];
  readonly sampler: (typeof samplers)[number];
  readonly surrogateSteps: number;
  readonly steps: number;
  readonly hidden: number;
  readonly learningRate: number;
  readonly testShare: number;
  readonly parts: number;
  readonly seed: number;
  readonly outDir: string;
}

export function addExplain(program: Command): void {
  const command = program
    .command("explain")
    .option(
      "--data <path>",
      "examples: pictures, a table, arrays of NumPy, or digits, mnist, fashion-mnist (their test images)",
    )
    .option("--predictions <file>", "what the model said of them, .csv, .tsv or .npy: probabilities or labels")
    .option("--model <file>", "the model itself, .onnx: it is asked about parts of examples")
    .option("--k <number>", "patches, columns or tokens that are chosen of each example", wholeNumber(1), 4)
    .option("--patches <pixels>", "side of the patches that pictures are cut into", wholeNumber(1), 4)
    .option("--size <pixels>", "make every picture a square of this size", wholeNumber(1, 4096))
    .option("--grey", "turn pictures grey")
    .option("--ignore <columns>", "columns of a table that are not read, separated by commas", columnNames)
    .option("--categorical <columns>", "columns that are categories although they look like numbers", columnNames)
    .addOption(
      new Option(
        "--background <value>",
        "what the model sees in place of what is hidden: the mean of all examples, a number, or a token",
      )
        .argParser(backgroundOf)
        .default("mean"),
    )
    .addOption(
      new Option("--model-values <range>", "pixels for the model: unit, from 0 to 1, or byte, from 0 to 255")
        .argParser(oneOf(["unit", "byte"]))
        .default("unit"),
    )
    .option("--model-mean <numbers>", "taken off pixels, one number or one for each channel", channelNumbers)
    .option("--model-deviation <numbers>", "what they are divided by then", channelDeviations)
    .addOption(
      new Option("--sampler <name>", "how choices are drawn while training")
        .argParser(oneOf(samplers))
        .default("threshold"),
    )
    .option("--surrogate-steps <number>", "steps of the surrogate", wholeNumber(1), 2000)
    .option("--steps <number>", "steps of the explainer", wholeNumber(1), 1000)
    .option("--hidden <number>", "units of the hidden layers", wholeNumber(1), 128)
    .option("--learning-rate <number>", "AdamW's step size, which falls to 0", positiveNumber, 0.002)
    .option("--test-share <share>", "of the examples that are held out, by which choices are judged", shareOf, 0.2)
    .option(
      "--parts <number>",
      "of how many parts of examples the model is asked to train the surrogate",
      wholeNumber(1),
      10_000,
    )
    .addOption(seedOption("seed of the split and of both trainings"))
    .option("--out-dir <folder>", "where report.html, explanations.jsonl and chosen.png are written", "explanation");
  addCommonOptions(command).addHelpText("after", HELP).action(explain);
}

const HELP = `
Examples:
  softdraw explain --data photographs --size 28 --predictions answers.csv --patches 4
  softdraw explain --data patients.csv --ignore outcome --predictions answers.csv --k 3
  softdraw explain --data rows.npy --model model.onnx --k 3
  softdraw explain --data tokens.npy --predictions labels.npy --k 2 --json | jq 'select(.type == "explained")'

A surrogate learns to tell the answers from random parts of examples, and an explainer learns to choose the k parts of each
example from which the surrogate tells its answer. With --model the surrogate learns what the model itself says of parts, and
the choices are judged by the model.`;

async function explain(options: Options, command: Command): Promise<void> {
  const { data, predictions: file, model: modelFile, k, outDir } = options;
  if (data === undefined) throw new WrongCall("--data: expected examples, got none.");
  if (file === undefined && modelFile === undefined) {
    throw new WrongCall("expected the model's answers (--predictions) or the model itself (--model), got neither.");
  }
  await checkExplanationFolder(outDir, data);
  const reporter = await begin(options);
  try {
    const subject = await readSubject(data, options);
    checkUsed(subject, modelFile, command);
    sayExamples(reporter, subject);
    if (k >= subject.examples.groups) {
      const { groups } = subject.examples;
      throw new WrongCall(
        `--k: expected at most ${groups - 1}, fewer than there are ${subject.words.several}, got ${k}.`,
      );
    }
    checkChannels(subject, options);
    const model = modelFile === undefined ? undefined : await openModel(modelFile, subject, options);
    try {
      const predictions = await predictionsOf(subject, file, model);
      sayAnswers(reporter, predictions, model);
      if (file !== undefined && model !== undefined) await sayAgreement(reporter, subject, predictions, model);
      const explained = await train(subject, predictions, model, options, reporter);
      const done: Explained = { subject, predictions, explained, k };
      const report = await write(done, options, commandOf(command));
      await sayResult(reporter, done, report, outDir);
    } finally {
      await model?.close();
    }
  } finally {
    reporter.close();
  }
}

/** As many of what is left out are named. */
const NAMED = 10;

function sayExamples(reporter: Reporter, { name, examples, words, leftOut }: Subject): void {
  reporter.say(`${name}: ${formatNumber(examples.count, 0)} examples of ${examples.groups} ${words.several} each`);
  for (const { what, why } of leftOut.slice(0, NAMED))
    reporter.say(`  left out: ${foreignText(what)}, ${foreignText(why)}`);
  if (leftOut.length > NAMED) reporter.say(`  and ${leftOut.length - NAMED} more: softdraw data describe lists them`);
}

/** The answers in a file, or else what the model says of whole examples. */
async function predictionsOf(
  { examples, names }: Subject,
  file: string | undefined,
  model: OpenModel | undefined,
): Promise<Predictions> {
  const { count, groups } = examples;
  if (file !== undefined) {
    const predictions = await readPredictions(file, { names, count });
    if (predictions.classes < 2) throw new WrongCall(`${file}: expected answers of at least two classes, got one.`);
    if (model === undefined || model.classes === predictions.classes) return predictions;
    throw new WrongCall(`${file}: expected ${model.classes} classes, as the model has, got ${predictions.classes}.`);
  }
  const rows = Int32Array.from({ length: count }, (_, row) => row);
  const { classes, ask } = model!;
  const values = await ask(rows, new Float32Array(count * groups).fill(1));
  return { classes, count, values, classNames: Array.from({ length: classes }, (_, i) => String(i)) };
}

function sayAnswers(reporter: Reporter, { classes, classNames }: Predictions, model: OpenModel | undefined): void {
  const shown = classNames
    .slice(0, 10)
    .map((name) => foreignText(name))
    .join(", ");
  reporter.say(`${classes} classes: ${shown}${classes > 10 ? ", ..." : ""}`);
  if (model?.output === "logits") reporter.say("The model's numbers are taken for logits: they are no probabilities.");
}

/** Of a model that says something else than what it is said to have said nothing can be explained by it. */
async function sayAgreement(
  reporter: Reporter,
  { examples: { count, groups } }: Subject,
  predictions: Predictions,
  { ask }: OpenModel,
): Promise<void> {
  const whole = await ask(
    Int32Array.from({ length: count }, (_, row) => row),
    new Float32Array(count * groups).fill(1),
  );
  const { same } = fidelityOf(predictions, whole);
  reporter.record("agreement", { same });
  const doubt = same < 0.9 ? " Are its inputs scaled, and its classes ordered, as they were?" : "";
  reporter.say(`Of ${formatNumber(100 * same, 1)} % of the examples the model says what --predictions say.${doubt}`);
}

async function train(
  { examples }: Subject,
  predictions: Predictions,
  model: OpenModel | undefined,
  options: Options,
  reporter: Reporter,
) {
  const { k, sampler, surrogateSteps, steps, hidden, learningRate, testShare, parts, seed } = options;
  const settings = { k, sampler, surrogateSteps, steps, hidden, learningRate, testShare, parts, seed };
  // Imported late: it brings the engine, of which a list of the commands has no need.
  const { explainAnswers } = await import("@softdraw/experiments/explain/answers/index");
  const onStep = (step: number, of: number, what: string) => reporter.progress(step, of, `training the ${what}`);
  try {
    return await explainAnswers(examples, predictions, { ...settings, ask: model?.ask, onStep });
  } catch (error) {
    if (error instanceof Diverged) {
      const { step, what, value } = error;
      throw new Error(
        `The training diverged: ${what} is ${value} at step ${step}. A lower --learning-rate may train.`,
        { cause: error },
      );
    }
    // Of examples and options that do not fit each other.
    throw error instanceof RangeError ? new WrongCall(error.message.replace(/^explainAnswers: /, "")) : error;
  }
}

/** Late as well: it brings what draws. */
const loadReport = () => import("../explain/report.ts");

async function write(explained: Explained, options: Options, command: string): Promise<string> {
  const { exampleRecords, picturesOf, reportOf } = await loadReport();
  const { outDir, device, json, ...rest } = options;
  const pictures = picturesOf(explained);
  const report = reportOf(explained, {
    command,
    details: [
      ["Softdraw", packageJson.version],
      ["Engine", engineDescription()],
      ["Data", `${explained.subject.name}: ${formatNumber(explained.subject.examples.count, 0)} examples`],
      ["Judged by", `${formatNumber(explained.explained.heldOut.length, 0)} held-out examples`],
    ],
    config: rest,
    pictures,
  });
  const path = join(outDir, REPORT);
  await ensureFolder(outDir);
  const lines = exampleRecords(explained).map((record) => `${JSON.stringify(record)}\n`);
  await writeAtomically(join(outDir, RECORDS), Buffer.from(lines.join("")));
  for (const { file, png } of pictures) await writePicture(join(outDir, file), png);
  await writeAtomically(path, Buffer.from(renderReport(report)));
  return path;
}

/** The call that does the same again: what was given, but for what does not change the result. */
function commandOf(command: Command): string {
  const words = command.options.flatMap((option) => {
    const name = option.attributeName();
    if (command.getOptionValueSource(name) !== "cli" || ELSEWHERE.has(name)) return [];
    const value: unknown = command.getOptionValue(name);
    return value === true ? [option.long!] : [option.long!, quote(String(value))];
  });
  return ["softdraw explain", ...words].join(" ");
}

/** Options that say where and how to compute and to write. */
const ELSEWHERE = new Set(["outDir", "device", "threads", "json"]);

async function sayResult(reporter: Reporter, explained: Explained, report: string, outDir: string): Promise<void> {
  const { exampleRecords, faithfulnessRows } = await loadReport();
  const { subject, k } = explained;
  const { faithfulness, heldOut } = explained.explained;
  const teller = faithfulness.teller === "model" ? "the model" : "a second surrogate, of which no choice knew";
  const head = ["what is seen", "same answer, %", "cross-entropy, nats"];
  reporter.say(`\n${formatNumber(heldOut.length, 0)} held-out examples, told by ${teller}`);
  reporter.say(table(head, faithfulnessRows(subject.words, k, faithfulness)));
  reporter.say(`\nReport: ${report}\nRecords: ${join(outDir, RECORDS)}`);
  for (const record of exampleRecords(explained)) reporter.record("explained", record);
  reporter.record("faithfulness", { ...faithfulness, k, report: resolve(report) });
}

// Checks -------------------------------------------------------------------------------------------------------------

/** What is written may take the place of an earlier explanation, and of nothing else. */
async function checkExplanationFolder(outDir: string, data: string): Promise<void> {
  if (resolve(outDir) === resolve(data))
    throw new WrongCall(`--out-dir: expected another folder than that of the data, got ${outDir}.`);
  // Made when there is something to write.
  if ((await unlessMissing(stat(outDir))) === undefined) return;
  await checkOutDir("--out-dir", outDir, [REPORT], "report");
  await checkOutDir("--out-dir", outDir, [RECORDS], "records");
  await checkOutDir("--out-dir", outDir, [PICTURE], "picture");
}

const REPORT = "report.html";
const PICTURE = "chosen.png";
const RECORDS = "explanations.jsonl";

/** Options that would be forgotten are refused. */
function checkUsed({ pictures, isTable }: Subject, model: string | undefined, command: Command): void {
  const reasons: Readonly<Record<string, string | undefined>> = {
    patches: pictures ? undefined : "is for pictures",
    size: pictures ? undefined : "is for pictures",
    grey: pictures ? undefined : "is for pictures",
    ignore: isTable ? undefined : "is for tables",
    categorical: isTable ? undefined : "is for tables",
    background: model ? undefined : "is for a model that is asked (--model)",
    modelValues: model ? undefined : "is for a model that is asked (--model)",
    parts: model ? undefined : "is for a model that is asked (--model)",
  };
  for (const option of command.options) {
    const name = option.attributeName();
    const reason = reasons[name];
    if (reason === undefined || command.getOptionValueSource(name) !== "cli") continue;
    throw new WrongCall(`${option.long} ${reason}.`);
  }
}

// Options -------------------------------------------------------------------------------------------------------------

function backgroundOf(text: string): "mean" | number {
  if (text === "mean") return text;
  const number = Number(text);
  if (text.trim() !== "" && Number.isFinite(number)) return number;
  throw new WrongCall(`--background: Expected mean or a number, got "${text}".`);
}

function shareOf(text: string): number {
  const share = Number(text);
  if (share > 0 && share < 1) return share;
  throw new WrongCall(`--test-share: Expected a number above 0 and below 1, got "${text}".`);
}

function columnNames(text: string): string[] {
  return text.split(",").map((name) => name.trim());
}

function channelNumbers(text: string): number[] {
  const numbers = text.split(",").map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
  if (numbers.every(Number.isFinite)) return numbers;
  throw new WrongCall(`Expected a number, or one for each channel separated by commas, got "${text}".`);
}

function channelDeviations(text: string): number[] {
  const numbers = channelNumbers(text);
  if (numbers.every((number) => number > 0)) return numbers;
  throw new WrongCall(`--model-deviation: Expected numbers above 0, got "${text}".`);
}

/** Options of pictures fit the pictures. */
function checkChannels({ pictures }: Subject, { modelMean, modelDeviation }: Options): void {
  for (const [name, list] of Object.entries({ "--model-mean": modelMean, "--model-deviation": modelDeviation })) {
    if (list === undefined) continue;
    if (pictures === undefined) throw new WrongCall(`${name} is for pictures.`);
    if (list.length === 1 || list.length === pictures.channels) continue;
    throw new WrongCall(`${name}: expected one number or ${pictures.channels}, got ${list.length}.`);
  }
}
