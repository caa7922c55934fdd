/**
 * Computes in a page, or in a worker of one, with as many threads as its address says, and tells what came of it. With
 * `own`, the page makes the workers.
 */

import type { numpy } from "@jax-js/jax";
import { installThreads, threadStatus } from "../src/page.ts";

export interface PageResult {
  /** A sum of the bytes of every result. */
  readonly sums: Readonly<Record<string, number>>;
  readonly threads: number;
  readonly fallback: string | undefined;
  readonly said: readonly string[];
  /** Workers that were made, threads that came to help, and kernels that they were given. */
  readonly workers: number;
  readonly joined: number;
  readonly kernels: number;
}

const parameters = new URL(location.href).searchParams;
const counts = countWorkers();
const said: string[] = [];
const own = () => new Worker(new URL("page-thread.js", location.href), { type: "module" });
installThreads(Number(parameters.get("threads")), {
  onFallback: (reason) => said.push(reason),
  newWorker: parameters.has("own") ? own : undefined,
});
tell(await compute());

async function compute(): Promise<PageResult> {
  const { init, jit, nn, numpy: np, random } = await import("@jax-js/jax");
  await init("wasm");
  const normal = (seed: number, shape: number[]) => random.normal(random.key(seed), shape);
  const product = jit((a: numpy.Array, b: numpy.Array) => np.dot(a, b));
  const softmax = jit((x: numpy.Array) => nn.softmax(x, -1));
  const smooth = jit((x: numpy.Array) => np.exp(np.sin(x)).mul(3));
  const kernels: Record<string, (seed: number) => numpy.Array> = {
    product: (seed) => product(normal(seed, [131, 257]), normal(seed + 1, [257, 68])),
    softmax: (seed) => softmax(normal(seed, [1001, 17])),
    smooth: (seed) => smooth(normal(seed, [20_011])),
  };
  const sums = Object.fromEntries(Object.keys(kernels).map((name) => [name, 0]));
  for (let round = 0; round < 40; round++) {
    for (const [name, kernel] of Object.entries(kernels)) {
      const values = (await kernel(round % 3).data()) as Float32Array;
      sums[name] = sumOf(sums[name]!, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    }
    // So that the other threads come while there is something to do.
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return { sums, ...threadStatus(), said, ...counts() };
}

/** Fowler, Noll and Vo's sum, 32 bits. */
function sumOf(start: number, bytes: Uint8Array): number {
  return bytes.reduce((sum, byte) => Math.imul(sum ^ byte, 16777619), start);
}

/** Looks at the workers that are made from now on, and at what they are told. */
function countWorkers() {
  const messages: { board?: Int32Array; module?: WebAssembly.Module }[] = [];
  let workers = 0;
  if (typeof Worker !== "undefined") {
    globalThis.Worker = class extends Worker {
      constructor(url: string | URL, options?: WorkerOptions) {
        super(url, options);
        workers++;
      }
      // biome-ignore lint/suspicious/noExplicitAny: as it is declared.
      override postMessage(message: any): void {
        messages.push(message);
        super.postMessage(message);
      }
    };
  }
  return () => {
    const board = messages.find((message) => message.board !== undefined)?.board;
    const kernels = messages.filter((message) => message.module !== undefined).length;
    // The fifth place of the board says how many have joined.
    return { workers, joined: board === undefined ? 0 : Atomics.load(board, 5), kernels };
  };
}

function tell(result: PageResult): void {
  if (typeof document === "undefined") postMessage(result);
  else Object.assign(globalThis, { result });
}
