/** A contestant's side of the measurement. */

import { createInterface } from "node:readline";
import type { BaseConfig, Experiment } from "@softdraw/experiments/experiment";
import { loadDigits } from "@softdraw/lab/data/digits";
import { installFastHashing } from "@softdraw/threads";
import type { Answer } from "../contestant.ts";

/** The options that the contestant was started with. */
export function readOptions<Options>(): Options {
  return JSON.parse(process.argv[2] ?? "{}");
}

/**
 * Answers every amount on standard input with what `measure` returns, until the input ends; then ends the program.
 *
 * @param close what there is to end and to wait for before
 */
export async function serve(
  measure: (amount: number) => Promise<Answer>,
  close = async (): Promise<void> => {},
): Promise<never> {
  // Imported late: contestants install threads before they import the engine. As the command line has it.
  const { makeJaxpr } = await import("@jax-js/jax");
  installFastHashing({ makeJaxpr });
  for await (const line of createInterface({ input: process.stdin })) {
    process.stdout.write(`${JSON.stringify(await measure(Number(line)))}\n`);
  }
  await close();
  process.exit();
}

/** Serves a step, whose loss is read each time, as a training loop does that reports it. */
export function serveTraining(step: () => Promise<number>): Promise<never> {
  return serve(async (amount) => {
    let loss = Number.NaN;
    const started = performance.now();
    for (let i = 0; i < amount; i++) loss = await step();
    return { ms: (performance.now() - started) / amount, loss };
  });
}

/** More than any benchmark takes. */
const EPOCHS = 10_000;

/**
 * The steps of an experiment's own generator, on the embedded digits: a function that takes one, and returns its milliseconds and
 * its loss.
 */
export async function stepsOf<Config extends BaseConfig>({ run, schema }: Experiment<Config>, values: Partial<Config>) {
  const config = schema.parse({ ...values, epochs: EPOCHS });
  const training = run(config, { data: await loadDigits() });
  return async (): Promise<{ ms: number; loss: number }> => {
    while (true) {
      const started = performance.now();
      const { value } = await training.next();
      // The last step of an epoch comes with the measures of the epoch, which are no part of a step.
      if (value && !value.record) return { ms: performance.now() - started, loss: value.loss };
    }
  };
}

/** Serves steps of an experiment; by default at its preset `tutorial`. */
export async function serveExperiment<Config extends BaseConfig>(
  experiment: Experiment<Config>,
  values = experiment.presets.tutorial?.values ?? {},
): Promise<never> {
  const step = await stepsOf(experiment, values);
  return serve(async (amount) => {
    let [total, loss] = [0, Number.NaN];
    for (let i = 0; i < amount; i++) {
      const taken = await step();
      total += taken.ms;
      loss = taken.loss;
    }
    return { ms: total / amount, loss };
  });
}

/** Serves a call that leaves nothing to read. */
export function serveCall(call: () => Promise<unknown>): Promise<never> {
  return serve(async (amount) => {
    const started = performance.now();
    for (let i = 0; i < amount; i++) await call();
    return { ms: (performance.now() - started) / amount };
  });
}
