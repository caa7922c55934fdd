import type { Benchmark } from "../benchmark.ts";
import { assignment } from "./assignment.ts";
import { chain } from "./chain.ts";
import { conditionalBernoulli } from "./conditional-bernoulli.ts";
import { dknnStep } from "./dknn-step.ts";
import { estimators } from "./estimators.ts";
import { explainStep } from "./explain-step.ts";
import { gibbs } from "./gibbs.ts";
import { gpu } from "./gpu.ts";
import { graphsStep } from "./graphs-step.ts";
import { gumbel } from "./gumbel.ts";
import { jigsawStep } from "./jigsaw-step.ts";
import { kernels } from "./kernels.ts";
import { memory } from "./memory.ts";
import { operators } from "./operators.ts";
import { ranking } from "./ranking.ts";
import { sinkhorn } from "./sinkhorn.ts";
import { sinkhornGrowth } from "./sinkhorn-growth.ts";
import { subset } from "./subset.ts";
import { sweepOverhead, sweepQueue, sweepWorkers } from "./sweeps.ts";
import { transport } from "./transport.ts";
import { trees } from "./trees.ts";
import { twoCores } from "./two-cores.ts";
import { vaeStep } from "./vae-step.ts";

/** In the order in which they are taken. */
export const benchmarks: readonly Benchmark[] = [
  vaeStep,
  dknnStep,
  jigsawStep,
  explainStep,
  graphsStep,
  estimators,
  kernels,
  gumbel,
  operators,
  subset,
  conditionalBernoulli,
  chain,
  ranking,
  sinkhorn,
  sinkhornGrowth,
  transport,
  gibbs,
  trees,
  assignment,
  twoCores,
  sweepOverhead,
  sweepWorkers,
  sweepQueue,
  memory,
  gpu,
];
