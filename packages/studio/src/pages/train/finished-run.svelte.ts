/** The run of a model that comes with the page, shown where nothing has been trained yet. */

import type { Chart, EpochRecord, NamedPicture } from "@softdraw/experiments/experiment";
import { askLab, askLabEngine } from "../../lab/client.svelte.ts";
import { type ShippedName, shipped } from "../../lab/shipped.ts";
import { models, shippedModel, takeShippedModel, type UsableModel } from "../../training.svelte.ts";

interface FinishedRun {
  readonly model: UsableModel;
  readonly records: readonly EpochRecord[];
  readonly charts: readonly Chart[];
  readonly pictures: readonly NamedPicture[];
}

/** Called as a component is set up. @param name of the experiment */
export function finishedRun(name: string) {
  const own = (Object.keys(shipped) as ShippedName[]).find((key) => shipped[key].experiment === name);
  let run = $state.raw<FinishedRun>();
  let isComing = $state(false);

  /** Nothing is shown in place of what cannot be had: the page does without. */
  async function look(key: ShippedName) {
    isComing = true;
    try {
      if (models[name] === undefined) await takeShippedModel(key);
      const model = models[name];
      const found = model?.shippedAs && (await shippedModel(model.shippedAs));
      if (found) {
        const charts = await askLab((api) => api.chartsOf(name, found.records));
        run = { model: model!, records: found.records, charts, pictures: [] };
        const pictures = await askLabEngine((api) => api.picturesOf(name));
        if (models[name] === model) run = { ...run, pictures };
      }
    } finally {
      isComing = false;
    }
  }
  if (own !== undefined) look(own).catch(() => {});
  return {
    /** Until another model takes its place. */
    get run() {
      return run !== undefined && models[name]?.shippedAs === run.model.shippedAs ? run : undefined;
    },
    get isComing() {
      return isComing;
    },
  };
}
