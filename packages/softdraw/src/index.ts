/**
 * Learning through discrete choices on jax-js: exact samples, their relaxations, and honest gradients.
 *
 * @packageDocumentation
 */

export type { ArborescenceOf, PerturbedArborescenceOf, RootOptions } from "./arborescence/index.ts";
export * as arborescence from "./arborescence/index.ts";
export * as assignment from "./assignment/index.ts";
export type { BernoulliOptions, BernoulliRelaxOptions, Stretch } from "./bernoulli/index.ts";
export * as bernoulli from "./bernoulli/index.ts";
export type { CategoricalOptions, CategoricalRelaxation, CategoricalRelaxOptions } from "./categorical/index.ts";
export * as categorical from "./categorical/index.ts";
export type { ChainOf, ChainOptions, ChainTemperatureOptions } from "./chain/index.ts";
export * as chain from "./chain/index.ts";
export type { ConditionalBernoulliOf } from "./conditional-bernoulli/index.ts";
export * as conditionalBernoulli from "./conditional-bernoulli/index.ts";
export { straightThrough } from "./estimators.ts";
export type {
  Baseline,
  Cost,
  Estimator,
  ExpectationOptions,
  FenchelYoungOptions,
  HostCostOptions,
  Prepared,
} from "./expectation/index.ts";
export { expectation, fenchelYoung, prepareExpectation, scoreFunction, vimco } from "./expectation/index.ts";
export * as noise from "./noise.ts";
export type { NoiseScale, RelaxOptions, Temperature, TemperatureOptions } from "./options.ts";
export type {
  IterationsForOptions,
  PermutationRelaxOptions,
  SinkhornForm,
  SinkhornOptions,
} from "./permutation/index.ts";
export * as permutation from "./permutation/index.ts";
export type {
  Network,
  OrderRelaxation,
  RankingOptions,
  RankingRelaxOptions,
  Sigmoid,
  SoftOptions,
} from "./ranking/index.ts";
export * as ranking from "./ranking/index.ts";
export type { ExponentialOptions, Schedule, TransitionOptions } from "./schedules.ts";
export * as schedules from "./schedules.ts";
export * as spanningTree from "./spanning-tree/index.ts";
export type { PairStructure, Structure } from "./structure.ts";
export type {
  Beam,
  BeamOptions,
  BeamState,
  BeamStep,
  Relaxation,
  ReservoirOptions,
  SubsetOf,
  SubsetOptions,
  SubsetRelaxOptions,
} from "./subset/index.ts";
export * as subset from "./subset/index.ts";
export type {
  Marginals,
  MatchingOptions,
  Sums,
  TransportIterationsOptions,
  TransportOptions,
  TransportRelaxOptions,
} from "./transport/index.ts";
export * as transport from "./transport/index.ts";
