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
const BRIEF_MS = 0.012;

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
  const post = crew();
  let made = 0;
  const pool = { hardwareConcurrency: count, userAgent: `Node.js/${process.versions.node}` };
  Object.defineProperty(globalThis, "navigator", { value: pool, configurable: true });
  Object.defineProperty(globalThis, "Worker", {
    value: function Worker(url: string) {
      return made++ === 0 ? new CallingThread(url, post) : new OtherThread(url, post);
    },
    configurable: true,
  });
}

/** What the engine sends to a worker: its memory once, then kernels and routines. */
type Message = { type: string };

/** A kernel for the outputs from `begin` to `end`, of which each worker gets some. */
export type Share = Message & { kernelHash: string; begin: number; end: number };

/** What the engine needs of a Web Worker: messages to it, and one listener for its answers. */
abstract class EngineWorker {
  onmessage: (event: { data: unknown }) => void = () => {};
  onerror: (error: Error) => void = () => {};
  readonly #post: Post;
  #waiting: Message[] | undefined = [];

  constructor(url: string, post: Post) {
    this.#post = post;
    this.#start(url).catch((error) => this.onerror(error));
  }

  postMessage(message: Message): void {
    if (this.#waiting) this.#waiting.push(message);
    else this.#post(this, message);
  }

  async #start(url: string): Promise<void> {
    const source = resolveObjectURL(url);
    if (!source) throw new Error(`The engine's worker source ${url} is not there.`);
    this.start(await source.text());
    const waiting = this.#waiting!;
    this.#waiting = undefined;
    for (const message of waiting) this.#post(this, message);
  }

  protected abstract start(source: string): void;
  /** Lets the work begin where it does not keep the caller. */
  abstract begin(message: Message): void;
  /** Ends the work, and returns its answer. */
  abstract finish(): unknown;
}

type Post = (worker: EngineWorker, message: Message) => void;

/**
 * Gathers the messages that the engine sends for one kernel, divides the work among their workers anew, and does it. The
 * engine sends them together, and does not go on before all are answered.
 */
function crew(): Post {
  let [workers, messages]: [EngineWorker[], Message[]] = [[], []];
  const brief = briefKernels();
  const work = () => {
    const [present, sent] = [workers, messages];
    [workers, messages] = [[], []];
    if (!sent.every(isShare)) return together(present, sent);
    const { kernelHash } = sent[0]!;
    const shares = evenShares(sent);
    if (brief.has(kernelHash)) return alone(present, shares);
    return together(present, shares, (took) => brief.note(kernelHash, took));
  };
  return (worker, message) => {
    if (workers.push(worker) === 1) queueMicrotask(work);
    messages.push(message);
  };
}

/** Everybody does a share. The calling thread is the first: it does its own before it looks for the answers of the others. */
function together(workers: readonly EngineWorker[], tasks: readonly Message[], onFirst = (_: number) => {}): void {
  for (const [i, worker] of workers.entries()) worker.begin(tasks[i]!);
  for (const [i, worker] of workers.entries()) {
    const started = performance.now();
    const answer = worker.finish();
    if (i === 0) onFirst(performance.now() - started);
    worker.onmessage({ data: answer });
  }
}

/** The calling thread does all shares, in the others' names. */
function alone([first, ...others]: readonly EngineWorker[], tasks: readonly Message[]): void {
  for (const [i, worker] of [first!, ...others].entries()) {
    first!.begin(tasks[i]!);
    worker.onmessage({ data: first!.finish() });
  }
}

/** Kernels of which a share has taken so little time that no other thread need be asked. */
function briefKernels() {
  const found = new Set<string>();
  return {
    has: (kernelHash: string) => found.has(kernelHash),
    /** @param took milliseconds of a share on the calling thread */
    note(kernelHash: string, took: number): void {
      if (took < BRIEF_MS) found.add(kernelHash);
    },
  };
}

function isShare(message: Message): message is Share {
  return message.type === "kernel";
}

/**
 * The shares of a kernel, as equal as can be. The engine cuts between large blocks of rows, and so divides 100 rows into
 * 64 and 36. Its loops serve any whole number of the pieces that its first share and the whole are both made of.
 */
export function evenShares<S extends Share>(shares: readonly S[]): readonly S[] {
  const [first, size] = [shares[0]!.end, shares.at(-1)!.end];
  const unit = greatestCommonDivisor(first, size);
  // Four numbers are computed at once, unless a share begins or ends within four.
  if (unit % 4 !== 0) return shares;
  const cut = (i: number) => unit * Math.round((i * size) / unit / shares.length);
  return shares.map((share, i) => ({ ...share, begin: cut(i), end: cut(i + 1) }));
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/** A worker that works on the calling thread, once the shares of the other threads have been sent. */
class CallingThread extends EngineWorker {
  readonly #scope: { onmessage: (event: { data: Message }) => void } = { onmessage: () => {} };
  #message!: Message;
  #answer: unknown;

  protected override start(source: string): void {
    const answer = (data: unknown) => {
      this.#answer = data;
    };
    new Function("self", "postMessage", source)(this.#scope, answer);
  }

  override begin(message: Message): void {
    this.#message = message;
  }

  override finish(): unknown {
    this.#scope.onmessage({ data: this.#message });
    return this.#answer;
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

  override begin(message: Message): void {
    this.#send(message);
  }

  override finish(): unknown {
    return this.#receive();
  }
}
