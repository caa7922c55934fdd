/** The model that is there when a page is opened. */

import { messageOf } from "../../engine/client.svelte.ts";
import { type ShippedName, shipped } from "../../lab/shipped.ts";
import { models, takeShippedModel } from "../../training.svelte.ts";

export interface Arrival {
  /** Whether the page was built without it. */
  readonly isMissing: boolean;
  /** Whether it is being fetched. */
  readonly isComing: boolean;
  readonly error: string | undefined;
  /** Takes one in place of the model that there is. */
  take(name: ShippedName): Promise<void>;
}

/** Takes a model that comes with the page, unless its experiment has one already. Called as a component is set up. */
export function modelOnArrival(name: ShippedName): Arrival {
  let [isMissing, isComing] = $state([false, false]);
  let error = $state<string>();
  async function take(wished: ShippedName) {
    isComing = true;
    error = undefined;
    try {
      isMissing = !(await takeShippedModel(wished));
    } catch (reason) {
      error = messageOf(reason);
    }
    isComing = false;
  }
  if (models[shipped[name].experiment] === undefined) take(name);
  return {
    get isMissing() {
      return isMissing;
    },
    get isComing() {
      return isComing;
    },
    get error() {
      return error;
    },
    take,
  };
}
