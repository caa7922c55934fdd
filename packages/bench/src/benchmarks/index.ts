import type { Benchmark } from "../benchmark.ts";
import { assignment } from "./assignment.ts";
import { dknnStep } from "./dknn-step.ts";
import { explainStep } from "./explain-step.ts";
import { gibbs } from "./gibbs.ts";
import { gpu } from "./gpu.ts";
import { gumbel } from "./gumbel.ts";
import { jigsawStep } from "./jigsaw-step.ts";
import { memory } from "./memory.ts";
import { operators } from "./operators.ts";
import { sinkhorn } from "./sinkhorn.ts";
import { sinkhornGrowth } from "./sinkhorn-growth.ts";
import { subset } from "./subset.ts";
import { sweepOverhead, sweepQueue, sweepWorkers } from "./sweeps.ts";
import { transport } from "./transport.ts";
import { twoCores } from "./two-cores.ts";
import { vaeStep } from "./vae-step.ts";

/** In the order in which they are taken. */
export const benchmarks: readonly Benchmark[] = [
  vaeStep,
  dknnStep,
  jigsawStep,
  explainStep,
  gumbel,
  operators,
  subset,
  sinkhorn,
  sinkhornGrowth,
  transport,
  gibbs,
  assignment,
  twoCores,
  sweepOverhead,
  sweepWorkers,
  sweepQueue,
  memory,
  gpu,
];
