import type { Benchmark } from "../benchmark.ts";
import { gumbel } from "./gumbel.ts";
import { memory } from "./memory.ts";
import { operators } from "./operators.ts";
import { twoCores } from "./two-cores.ts";
import { vaeStep } from "./vae-step.ts";

/** In the order in which they are taken. */
export const benchmarks: readonly Benchmark[] = [vaeStep, gumbel, operators, twoCores, memory];
