/** What the engine does for the pages: functions of plain values, each answered with plain values. */

export * from "../pages/categorical/estimators.ts";
export * from "../pages/categorical/tasks.ts";
export * from "../pages/graphs/tasks.ts";
export * from "../pages/permutations/tasks.ts";
export * from "../pages/start/tasks.ts";
export * from "../pages/subsets/tasks.ts";
export * from "../pages/trees/tasks.ts";
