/** What arborescences are, and their verbs by both laws. */

import { gumbel } from "../noise.ts";
import { arborescences } from "../trees/enumeration.ts";
import { directedFrom } from "../trees/frame.ts";
import { largest } from "../trees/law.ts";
import { perturbedVerbsOf, type TreeDefinition, verbsOf } from "../trees/verbs.ts";

/** Stands for any root. */
export const ANY_ROOT = -1;

const definition: TreeDefinition = {
  frameOf: directedFrom,
  largest: (logits, root) => largest(directedFrom(root), logits),
  count: (n, root) => n ** Math.max(0, root === ANY_ROOT ? n - 1 : n - 2),
  all: arborescences,
};

export const verbs = verbsOf(definition);

export const perturbedVerbs = perturbedVerbsOf(definition, gumbel);
