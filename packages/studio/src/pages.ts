/** The sections of the studio, in the order of the navigation. A page that is not in this list is not there. */

import type { Component } from "svelte";
import Start from "./pages/start/Start.svelte";

export interface Section {
  /** In the address, behind `#/`. */
  readonly path: string;
  readonly title: string;
  /** Pages but the first are fetched when they are opened. */
  load(): Promise<{ default: Component }>;
}

export const sections: readonly Section[] = [
  {
    path: "start",
    title: "Start",
    // It comes with the page itself: what is seen first waits for one request less.
    load: async () => ({ default: Start }),
  },
  {
    path: "categorical",
    title: "Categorical",
    load: () => import("./pages/categorical/Categorical.svelte"),
  },
  {
    path: "subsets",
    title: "Subsets",
    load: () => import("./pages/subsets/Subsets.svelte"),
  },
  {
    path: "permutations",
    title: "Permutations",
    load: () => import("./pages/permutations/Permutations.svelte"),
  },
  {
    path: "jigsaw",
    title: "Jigsaw",
    load: () => import("./pages/jigsaw/Jigsaw.svelte"),
  },
  {
    path: "trees",
    title: "Trees",
    load: () => import("./pages/trees/Trees.svelte"),
  },
  {
    path: "graphs",
    title: "Graphs",
    load: () => import("./pages/graphs/Graphs.svelte"),
  },
  {
    path: "codes",
    title: "Codes",
    load: () => import("./pages/codes/Codes.svelte"),
  },
  {
    path: "explain",
    title: "Explain",
    load: () => import("./pages/explain/Explain.svelte"),
  },
  {
    path: "train",
    title: "Train",
    load: () => import("./pages/train/Train.svelte"),
  },
  {
    path: "play",
    title: "Play",
    load: () => import("./pages/play/Play.svelte"),
  },
  {
    path: "runs",
    title: "Runs",
    load: () => import("./pages/runs/Runs.svelte"),
  },
];

/** For an address that is none of theirs. */
const missing: Section = { path: "", title: "No such page", load: () => import("./pages/Missing.svelte") };

export function sectionAt(path: string): Section {
  return sections.find((section) => section.path === path) ?? missing;
}
