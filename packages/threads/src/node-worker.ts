/**
 * The engine shares its memory only where there is a global `Worker`, which Node has not. So one is offered. The engine
 * is kept from making a pool and so never makes one; but an engine that makes a pool after all gets workers that work.
 *
 * Upstream: the memory is shared if `Worker` exists, and not if the caller wants it shared.
 */

import { resolveObjectURL } from "node:buffer";
import { Worker as Thread } from "node:worker_threads";

/** @returns what takes it back; nothing is done where there is a `Worker` already */
export function offerWorker(): () => void {
  if ("Worker" in globalThis) return () => {};
  Object.defineProperty(globalThis, "Worker", { value: BlobWorker, configurable: true, writable: true });
  return () => Reflect.deleteProperty(globalThis, "Worker");
}

/** What a page's worker has, and a thread of Node has not. */
const PRELUDE = `
  const { parentPort } = require("node:worker_threads");
  globalThis.self = globalThis;
  globalThis.postMessage = (data) => parentPort.postMessage(data);
  parentPort.on("message", (data) => self.onmessage({ data }));
`;

/** As much of a page's `Worker` as the engine's pool uses: the script is a blob, and every message has one answer. */
class BlobWorker {
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onerror: ((event: { message: string }) => void) | null = null;
  readonly #thread: Promise<Thread>;
  #unanswered = 0;

  /** @throws TypeError if `url` is not that of a blob */
  constructor(url: string | URL) {
    const blob = resolveObjectURL(`${url}`);
    if (blob === undefined) throw new TypeError(`Worker: expected the URL of a blob, got ${url}.`);
    this.#thread = blob.text().then((script) => this.#start(script));
  }

  postMessage(message: unknown): void {
    this.#unanswered++;
    this.#thread
      .then((thread) => {
        thread.ref();
        thread.postMessage(message);
      })
      .catch((error) => this.onerror?.({ message: `${error}` }));
  }

  terminate(): void {
    this.#thread.then((thread) => thread.terminate());
  }

  #start(script: string): Thread {
    const thread = new Thread(`${PRELUDE}\n${script}`, { eval: true, execArgv: [] });
    thread.on("message", (data) => {
      // Somebody waits for an answer, and then the program goes on; else the thread is not to keep it from ending.
      if (--this.#unanswered === 0) thread.unref();
      this.onmessage?.({ data });
    });
    thread.on("error", ({ message }) => this.onerror?.({ message }));
    return thread;
  }
}
