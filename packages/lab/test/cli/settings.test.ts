import { experiments } from "@softdraw/experiments/all";
import { describe, expect, test } from "vitest";
import { parseSetting } from "../../src/cli/settings.ts";
import { WrongCall } from "../../src/errors.ts";

const experiment = experiments[0]!;
const parse = (text: string) => parseSetting(text, experiment, experiment.schema.parse({}));

test.each([
  ["temperature=0.3,0.5,1", { name: "temperature", values: [0.3, 0.5, 1] }],
  [" learning-rate = 1e-3 , 0.01 ", { name: "learningRate", values: [0.001, 0.01] }],
  ["learningRate=0.1", { name: "learningRate", values: [0.1] }],
  ["hard=true,false", { name: "hard", values: [true, false] }],
  ["schedule=constant,cosine", { name: "schedule", values: ["constant", "cosine"] }],
  ["temperature=log-uniform(0.1, 2)", { name: "temperature", distribution: "log-uniform", from: 0.1, to: 2 }],
  ["divergence-warmup=uniform(0,1)", { name: "divergenceWarmup", distribution: "uniform", from: 0, to: 1 }],
  ["variables=integers(10,40)", { name: "variables", distribution: "integers", from: 10, to: 40 }],
  [
    "estimator/temperature=relaxed/1, reinmax/1.5",
    { name: "estimator/temperature", values: ["relaxed/1", "reinmax/1.5"] },
  ],
  ["samples/hard=1/true,2/false", { name: "samples/hard", values: ["1/true", "2/false"] }],
  ["batch=log-integers(20,500)", { name: "batch", distribution: "log-integers", from: 20, to: 500 }],
])("%s", (text, parameter) => {
  expect(parse(text)).toEqual(parameter);
});

/** Settings, and what the error has to contain: what was wrong, what was expected and what came. */
const wrong: [string, string[]][] = [
  ["temperature", ["expected name=values", 'got "temperature"']],
  ["temperature=", ["expected name=values", 'got "temperature="']],
  ["temprature=1,2", ['vae has no option "temprature"', 'Did you mean "temperature"?']],
  ["temperature=0,1", ["--set temperature: Expected a number above 0, got 0."]],
  ["temperature=1,x", ["--set temperature", "Expected a number", 'got "x"']],
  ["temperature=1,,2", ["--set temperature", "Expected a number", 'got ""']],
  ["temperature=1,1.0", ["--set temperature", "1 is there twice"]],
  ["hard=yes", ["--set hard", "Expected true or false", 'got "yes"']],
  ["schedule=constat,linear", ["--set schedule", 'got "constat"', 'Did you mean "constant"?']],
  ["temperature=log-unform(0.1,2)", ["uniform(from, to)", "got log-unform(0.1,2)", 'Did you mean "log-uniform"?']],
  ["temperature=uniform(2,1)", ["from below to", "got uniform(2,1)"]],
  ["temperature=uniform(1)", ["from below to", "got uniform(1)"]],
  ["temperature=uniform(1,2,3)", ["from below to", "got uniform(1,2,3)"]],
  ["temperature=uniform(1,Infinity)", ["from below to", "got uniform(1,Infinity)"]],
  ["temperature=uniform(-1,1)", ["--set temperature: Expected a number above 0, got -1."]],
  ["temperature=log-uniform(0,1)", ["begins above 0", "got log-uniform(0,1)"]],
  ["batch=uniform(10,20)", ["--set batch", "whole numbers", "expected integers(10,20)"]],
  ["batch=log-uniform(10,20)", ["--set batch", "whole numbers", "expected log-integers(10,20)"]],
  ["batch=integers(1.5,20)", ["--set batch", "two whole numbers", "got integers(1.5,20)"]],
  ["schedule=uniform(1,2)", ["--set schedule", "only numbers"]],
  [
    "estimator/temperature=relaxed/1,reinmax",
    ["--set estimator/temperature: expected 2 values joined by /", '"reinmax"'],
  ],
  ["estimator/temperature=relaxed/0", ["--set temperature: Expected a number above 0, got 0."]],
  ["estimator/temprature=relaxed/1", ['vae has no option "temprature"', 'Did you mean "temperature"?']],
  ["estimator/temperature=relaxed/1,relaxed/1", ["relaxed/1 is there twice"]],
  ["estimator/seed=relaxed/1", ["seed cannot be varied"]],
  ["seed=1,2", ["seed cannot be varied", "--seeds"]],
  ["fold=1/2,2/2", ["fold cannot be varied", "--folds"]],
  ["data=mnist", ["data cannot be varied"]],
];

describe("what is wrong with a setting is said", () => {
  test.each(wrong)("%s", (text, expected) => {
    const error = (() => {
      try {
        return parse(text);
      } catch (error) {
        return error;
      }
    })();
    expect(error).toBeInstanceOf(WrongCall);
    for (const part of expected) expect((error as Error).message).toContain(part);
  });
});

test("values are those of the task, where there are several", () => {
  const explain = experiments.find(({ name }) => name === "explain")!;
  expect(parseSetting("k=2,3", explain, explain.schema.parse({ task: "switch" }))).toEqual({
    name: "k",
    values: [2, 3],
  });
  expect(() => parseSetting("task=xor", explain, explain.schema.parse({}))).toThrow("task cannot be varied");
  expect(() => parseSetting("classifier-epochs=1", explain, explain.schema.parse({ task: "xor" }))).toThrow(
    "The task xor has no such option",
  );
});
