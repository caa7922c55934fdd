/** Programs to begin from, in the order in which they are offered. */

const sources = import.meta.glob<string>("./examples/*.ts", { query: "?raw", import: "default", eager: true });

export const examples = {
  "one-hot": "One-hot draws and a temperature",
  "exact-subset": "An exact subset",
  sinkhorn: "Sinkhorn’s iterations",
  policy: "A policy by expectation",
  "training-loop": "A training loop",
} as const;

export type ExampleName = keyof typeof examples;

export const exampleNames = Object.keys(examples) as ExampleName[];

export function codeOfExample(name: ExampleName): string {
  return sources[`./examples/${name}.ts`]!;
}
