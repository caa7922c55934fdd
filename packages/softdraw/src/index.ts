/**
 * Learning through discrete choices on jax-js: exact samples, their relaxations, and honest gradients.
 *
 * @packageDocumentation
 */

export * as assignment from "./assignment.ts";
export * as bernoulli from "./bernoulli.ts";
export * as categorical from "./categorical.ts";
export type { RelaxOptions, Temperature, TemperatureOptions } from "./checks.ts";
export { straightThrough } from "./estimators.ts";
export * as noise from "./noise.ts";
export type { SinkhornOptions } from "./permutation.ts";
export * as permutation from "./permutation.ts";
export * as schedules from "./schedules.ts";
export * as subset from "./subset.ts";
