/**
 * Threads for the engine's wasm device in Node.
 *
 * The engine splits every kernel over a pool of Web Workers when the page has `Worker` and `SharedArrayBuffer`. Node
 * has no global `Worker`, and one that answers through the event loop costs more than most kernels take. So this
 * gives the engine two kinds of its own:
 *
 * - the first of the pool is the calling thread itself, which would otherwise sleep;
 * - the others are real threads, woken through shared memory, whose answer is awaited without the event loop.
 *
 * Each number is computed by one thread in the engine's order of operations, so results do not depend on the count.
 */

import { resolveObjectURL } from "node:buffer";
import { availableParallelism } from "node:os";
import { MessageChannel, Worker as Thread } from "node:worker_threads";
import { mailboxMemory, receiver, sender } from "./mailbox.js";

/** How long the caller looks for an answer before it sleeps: the shares of a kernel are equal, so it is nearly there. */
const SPINS = 20_000;

/** A share of a kernel takes milliseconds. After this long, its thread is gone. */
const PATIENCE_MS = 300_000;

/** As many threads as cores, up to 4: more gain little on kernels of this size. */
export function defaultThreads(): number {
  return Math.min(4, availableParallelism());
}

/**
 * Lets the engine use `count` threads. Call it before the engine is imported for the first time: it looks for workers
 * then. Reads must be asynchronous afterwards (`await array.data()`, never `dataSync`).
 */
export function installThreads(count: number): void {
  if (count === 1) return;
  let made = 0;
  const pool = { hardwareConcurrency: count, userAgent: `Node.js/${process.versions.node}` };
  Object.defineProperty(globalThis, "navigator", { value: pool, configurable: true });
  Object.defineProperty(globalThis, "Worker", {
    value: function Worker(url: string) {
      return made++ === 0 ? new CallingThread(url) : new OtherThread(url);
    },
    configurable: true,
  });
}

type Listener = (event: { data: unknown }) => void;

/** What the engine needs of a Web Worker: messages to it, and one listener for its answers. */
abstract class EngineWorker {
  onmessage: Listener = () => {};
  onerror: (error: Error) => void = () => {};
  #waiting: object[] | undefined = [];

  constructor(url: string) {
    this.#start(url).catch((error) => this.onerror(error));
  }

  postMessage(message: object): void {
    if (this.#waiting) this.#waiting.push(message);
    else this.deliver(message);
  }

  async #start(url: string): Promise<void> {
    const source = resolveObjectURL(url);
    if (!source) throw new Error(`The engine's worker source ${url} is not there.`);
    this.start(await source.text());
    const waiting = this.#waiting!;
    this.#waiting = undefined;
    for (const message of waiting) this.deliver(message);
  }

  protected abstract start(source: string): void;
  protected abstract deliver(message: object): void;
}

/** A worker that works on the calling thread, once the shares of the other threads have been sent. */
class CallingThread extends EngineWorker {
  readonly #scope: { onmessage: Listener } = { onmessage: () => {} };

  protected override start(source: string): void {
    const answer = (data: unknown) => this.onmessage({ data });
    new Function("self", "postMessage", source)(this.#scope, answer);
  }

  protected override deliver(message: object): void {
    queueMicrotask(() => this.#scope.onmessage({ data: message }));
  }
}

/** A worker on a thread of its own. */
class OtherThread extends EngineWorker {
  #send!: (message: object) => void;
  #receive!: () => unknown;

  protected override start(source: string): void {
    const { port1, port2 } = new MessageChannel();
    const [inbox, outbox] = [mailboxMemory(), mailboxMemory()];
    const thread = new Thread(new URL("./engine-thread.js", import.meta.url), {
      workerData: { inbox: { memory: inbox, port: port2 }, outbox: { memory: outbox, port: port2 }, source },
      transferList: [port2],
      // The thread runs plain JavaScript: no loader of the caller's is wanted there.
      execArgv: [],
    });
    thread.on("error", (error) => this.onerror(error));
    thread.unref();
    port1.unref();
    this.#send = sender({ memory: inbox, port: port1 });
    this.#receive = receiver({ memory: outbox, port: port1 }, SPINS, { patience: PATIENCE_MS });
  }

  protected override deliver(message: object): void {
    this.#send(message);
    // Two turns of the queue: the calling thread does its own share in between.
    queueMicrotask(() => queueMicrotask(() => this.onmessage({ data: this.#receive() })));
  }
}
