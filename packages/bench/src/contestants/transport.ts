/** `transport.sinkhorn` of random costs, the plan alone or with the gradient by the costs. */

import { installThreads } from "@softdraw/threads";
import { readOptions, serveCall } from "./serve.ts";

export interface TransportTask {
  readonly threads: number;
  readonly m: number;
  readonly n: number;
  readonly iterations: number;
  readonly temperature: number;
  /** On both sides; 0 for none. */
  readonly penalty: number;
  /** How the sums are given. */
  readonly sums: "arrays" | "lists";
  readonly gradient: "none" | "unrolled" | "implicit";
}

const { threads, m, n, iterations, temperature, penalty, sums, gradient } = readOptions<TransportTask>();
installThreads(threads);
// Imported late: the engine looks for threads when it is.
const { blockUntilReady, grad, jit, numpy: np, random } = await import("@jax-js/jax");
const { transport } = await import("softdraw");

type EngineArray = ReturnType<typeof random.normal>;

const logits = random.uniform(random.key(0), [m, n]).mul(-1);
const cotangent = random.normal(random.key(1), [m, n]);
const lists = { rows: Array.from({ length: m }, () => 1 / m), columns: Array.from({ length: n }, () => 1 / n) };
const [rows, columns] = [np.full([m], 1 / m), np.full([n], 1 / n)];
await blockUntilReady([logits, cotangent, rows, columns]);

const plan = (l: EngineArray, a: EngineArray, b: EngineArray) =>
  transport.sinkhorn(l, {
    ...(sums === "arrays" ? { rows: a, columns: b } : lists),
    ...(penalty > 0 && { rowPenalty: penalty, columnPenalty: penalty }),
    iterations,
    temperature,
    gradient: gradient === "none" ? "implicit" : gradient,
  });
const slope = jit((l: EngineArray, c: EngineArray, a: EngineArray, b: EngineArray) =>
  grad((x: EngineArray) => plan(x, a, b).mul(c).sum())(l),
);

await serveCall(async () => {
  const result =
    gradient === "none"
      ? plan(logits.ref, rows.ref, columns.ref)
      : slope(logits.ref, cotangent.ref, rows.ref, columns.ref);
  (await blockUntilReady(result)).dispose();
});
