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
 * To ask another thread takes as long as many a kernel. So the calling thread does all shares of a kernel whose shares have
 * turned out to be brief.
 *
 * Each number is computed by one thread in the engine's order of operations, so results do not depend on the count.
 */

import { resolveObjectURL } from "node:buffer";
import { availableParallelism } from "node:os";
import { MessageChannel, Worker as Thread } from "node:worker_threads";
import { mailboxMemory, receiver, sender } from "./mailbox.js";

/** How long the caller looks for an answer before it sleeps: the shares of a kernel are equal, so it is nearly there. */
const SPINS = 20_000;

/** A share of a kernel that takes less is done sooner than another thread is asked and answers. */
const BRIEF_MS = 0.02;

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
  let calling: CallingThread | undefined;
  const pool = { hardwareConcurrency: count, userAgent: `Node.js/${process.versions.node}` };
  Object.defineProperty(globalThis, "navigator", { value: pool, configurable: true });
  Object.defineProperty(globalThis, "Worker", {
    value: function Worker(url: string) {
      if (calling) return new OtherThread(url, calling);
      calling = new CallingThread(url);
      return calling;
    },
    configurable: true,
  });
}

type Listener = (event: { data: unknown }) => void;

/** Of the engine to its workers: to do a share of a kernel, which has a name, or something else. */
interface Message {
  readonly kernelHash?: string;
}

/** What the engine needs of a Web Worker: messages to it, and one listener for its answers. */
abstract class EngineWorker {
  onmessage: Listener = () => {};
  onerror: (error: Error) => void = () => {};
  #waiting: Message[] | undefined = [];

  constructor(url: string) {
    this.#start(url).catch((error) => this.onerror(error));
  }

  postMessage(message: Message): void {
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
  protected abstract deliver(message: Message): void;
}

/** A worker that works on the calling thread, once the shares of the other threads have been sent. */
class CallingThread extends EngineWorker {
  readonly #scope: { onmessage: Listener } = { onmessage: () => {} };
  readonly #shortest = new Map<string, number>();
  #answer: Listener = () => {};

  /** Whether a message asks for a share of a kernel of which one has taken so little time that no other thread need be asked. */
  isBrief({ kernelHash }: Message): boolean {
    return kernelHash !== undefined && this.#shortestOf(kernelHash) < BRIEF_MS;
  }

  /** Does what a message asks for, in a moment. */
  work(message: Message, answer: Listener): void {
    queueMicrotask(() => {
      const { kernelHash } = message;
      this.#answer = answer;
      const started = performance.now();
      this.#scope.onmessage({ data: message });
      const took = performance.now() - started;
      if (kernelHash !== undefined) this.#shortest.set(kernelHash, Math.min(this.#shortestOf(kernelHash), took));
    });
  }

  #shortestOf(kernelHash: string): number {
    return this.#shortest.get(kernelHash) ?? Number.POSITIVE_INFINITY;
  }

  protected override start(source: string): void {
    new Function("self", "postMessage", source)(this.#scope, (data: unknown) => this.#answer({ data }));
  }

  protected override deliver(message: Message): void {
    this.work(message, (event) => this.onmessage(event));
  }
}

/** A worker on a thread of its own, or on the calling one if that is sooner. */
class OtherThread extends EngineWorker {
  readonly #calling: CallingThread;
  #send!: (message: object) => void;
  #receive!: () => unknown;

  constructor(url: string, calling: CallingThread) {
    super(url);
    this.#calling = calling;
  }

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

  protected override deliver(message: Message): void {
    if (this.#calling.isBrief(message)) {
      this.#calling.work(message, (event) => this.onmessage(event));
      return;
    }
    this.#send(message);
    // Two turns of the queue: the calling thread does its own share in between.
    queueMicrotask(() => queueMicrotask(() => this.onmessage({ data: this.#receive() })));
  }
}
