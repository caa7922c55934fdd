/** The embedded digits in a page: the same images in the same order as on the command line. */

import address from "virtual:digits";
import { unpackDigits } from "@softdraw/experiments/data/digits-file";
import type { DatasetSplits } from "@softdraw/experiments/data/types";

export async function loadDigits(): Promise<DatasetSplits> {
  const response = await fetch(new URL(address, location.href));
  if (!response.ok || response.body === null) throw new Error(`${address}: the server answers ${response.status}.`);
  const unpacked = new Response(response.body.pipeThrough(new DecompressionStream("gzip")));
  return unpackDigits(new Uint8Array(await unpacked.arrayBuffer()));
}
