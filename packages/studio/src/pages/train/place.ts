/** Where an experiment is trained. */

import { linkTo } from "../../address.svelte.ts";
import type { Values } from "../../lab/catalog.ts";
import type { ModelFacts } from "../../lab/models.ts";

/** The link to the page of an experiment, as it begins. */
export function trainLink(name: string): string {
  return linkTo("train", `${new URLSearchParams({ experiment: name })}`);
}

/** A configuration without what the page's form has no field for: its data, and what was made of it. */
export function settingsIn(config: Values): Values {
  const others = ["data", "dataDir", "size", "grey", "testShare", "task"];
  return Object.fromEntries(Object.entries(config).filter(([field]) => !others.includes(field)));
}

/** Opens the page of a model's experiment, with the model's configuration. */
export function openModel({ name, config }: Pick<ModelFacts, "name" | "config">): void {
  const texts = Object.entries(settingsIn(config)).map(([field, value]) => [field, String(value)]);
  location.hash = linkTo("train", `${new URLSearchParams([["experiment", name], ...texts])}`).slice(1);
}
