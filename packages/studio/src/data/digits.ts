/** The embedded digits in a page: the same images in the same order as on the command line. */

import address from "virtual:digits";
import { digitsCounts, digitsShape } from "../../../lab/src/data/digits-shape.ts";
import type { Dataset, DatasetSplits } from "../../../lab/src/data/types.ts";

export async function loadDigits(): Promise<DatasetSplits> {
  const response = await fetch(new URL(address, location.href));
  if (!response.ok || response.body === null) throw new Error(`${address}: the server answers ${response.status}.`);
  const unpacked = new Response(response.body.pipeThrough(new DecompressionStream("gzip")));
  return splitsOf(new Uint8Array(await unpacked.arrayBuffer()));
}

function splitsOf(bytes: Uint8Array): DatasetSplits {
  const pixels = digitsShape.height * digitsShape.width;
  const [train, test] = [digitsCounts.train, digitsCounts.test];
  return {
    name: "digits",
    train: datasetOf("digits train", train, bytes.subarray(0, train * (pixels + 1))),
    test: datasetOf("digits test", test, bytes.subarray(train * (pixels + 1))),
  };
}

/** Pixels, and then a label each. */
function datasetOf(name: string, count: number, bytes: Uint8Array): Dataset {
  const end = bytes.length - count;
  return { name, count, ...digitsShape, images: bytes.subarray(0, end), labels: bytes.subarray(end) };
}
