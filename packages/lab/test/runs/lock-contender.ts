/** A process that takes and releases locks as its parent tells it to, for the tests. */

import { type Release, takeLock } from "../../src/runs/lock.ts";

export type Order = { take: string } | "release";
export type Answer = { taken: boolean; reason: string };

let release: Release | undefined;

async function obey(order: Order): Promise<Answer> {
  try {
    if (order === "release") await release?.();
    else release = await takeLock(order.take);
    return { taken: true, reason: "" };
  } catch (error) {
    return { taken: false, reason: (error as Error).message };
  }
}

process.on("message", async (order: Order) => process.send?.(await obey(order)));
