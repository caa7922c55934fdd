/** Where an experiment is trained. */

import { linkTo } from "../../address.svelte.ts";
import type { ModelFacts } from "../../lab/models.ts";

/** The link to the page of an experiment, as it begins. */
export function trainLink(name: string): string {
  return linkTo("train", `${new URLSearchParams({ experiment: name })}`);
}

/** Opens the page of a model's experiment, with the model's configuration. */
export function openModel({ name, config }: Pick<ModelFacts, "name" | "config">): void {
  const { data: _, dataDir: __, task: ___, ...settings } = config;
  const texts = Object.entries(settings).map(([field, value]) => [field, String(value)]);
  location.hash = linkTo("train", `${new URLSearchParams([["experiment", name], ...texts])}`).slice(1);
}
