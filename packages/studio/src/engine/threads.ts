/**
 * Threads for the engine's wasm device in a worker of the page. To be imported before the engine.
 *
 * The engine splits every kernel over a pool of workers, speaks to them by messages, and waits for all answers before the
 * next kernel: the turns of the event loop take longer than most kernels. So here the first of its pool is the calling thread
 * itself, and the others are woken and answer through shared memory, as on the command line. Each number is computed by one
 * thread in the engine's order of operations, so results do not depend on their count.
 */

import kernelThread from "./kernel-thread.ts?worker&url";
import { awaitChange, HEADER, type Kernel, kernelOf, MOST_POINTERS } from "./mailbox.ts";

type Message =
  | { readonly type: "init"; readonly memory: WebAssembly.Memory }
  | { readonly type: "routine" }
  | KernelMessage;

interface KernelMessage {
  readonly type: "kernel";
  readonly kernelHash: string;
  readonly module: WebAssembly.Module;
  readonly ptrs: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** What the engine needs of a worker. */
interface EngineWorker {
  postMessage(message: Message): void;
  onmessage: (event: { data: unknown }) => void;
  onerror: (event: { message: string }) => void;
}

const NativeWorker = globalThis.Worker;
let made = 0;

if (typeof SharedArrayBuffer !== "undefined" && typeof NativeWorker !== "undefined") {
  Object.defineProperty(globalThis, "Worker", {
    value: function Worker(url: string) {
      return made++ === 0 ? callingThread(url) : otherThread();
    },
    configurable: true,
  });
}

const answer = (worker: EngineWorker, data: object) => worker.onmessage({ data });
const DONE = { type: "done", ok: true };

/** Works on the calling thread, once the others have got their shares. */
function callingThread(url: string): EngineWorker {
  // What is no kernel, such as sorting, the engine's own code does in a worker of its own.
  const routines = new NativeWorker(url, { type: "module" });
  const kernels = new Map<string, Kernel>();
  let memory: WebAssembly.Memory;
  const worker: EngineWorker = {
    postMessage(message) {
      if (message.type !== "kernel") {
        if (message.type === "init") memory = message.memory;
        routines.postMessage(message);
        return;
      }
      queueMicrotask(() => {
        const { kernelHash, module, ptrs, begin, end } = message;
        const kernel = kernels.get(kernelHash) ?? kernelOf(module, memory);
        kernels.set(kernelHash, kernel);
        kernel(...ptrs, begin, end);
        answer(worker, DONE);
      });
    },
    onmessage: () => {},
    onerror: () => {},
  };
  routines.onmessage = ({ data }) => worker.onmessage({ data });
  routines.onerror = (event) => worker.onerror(event);
  return worker;
}

/** Works on a thread of its own. */
function otherThread(): EngineWorker {
  const thread = new NativeWorker(kernelThread, { type: "module", name: "kernels" });
  const header = new Int32Array(new SharedArrayBuffer(4 * (HEADER.pointers + MOST_POINTERS)));
  const ids = new Map<string, number>();

  const idOf = (kernelHash: string, module: WebAssembly.Module) => {
    const known = ids.get(kernelHash);
    if (known !== undefined) return known;
    const id = ids.size;
    ids.set(kernelHash, id);
    thread.postMessage({ id, module });
    return id;
  };
  const request = ({ kernelHash, module, ptrs, begin, end }: KernelMessage) => {
    if (ptrs.length > MOST_POINTERS)
      throw new RangeError(`A kernel of ${ptrs.length} arrays exceeds ${MOST_POINTERS}.`);
    header[HEADER.kernel] = idOf(kernelHash, module);
    header.set([begin, end, ptrs.length, ...ptrs], HEADER.begin);
    Atomics.add(header, HEADER.requests, 1);
    Atomics.notify(header, HEADER.requests);
  };
  const worker: EngineWorker = {
    postMessage(message) {
      if (message.type === "init") {
        thread.postMessage({ memory: message.memory, header });
      }
      if (message.type !== "kernel") return;
      const before = Atomics.load(header, HEADER.answers);
      request(message);
      // Two turns of the queue: the calling thread does its own share in between.
      queueMicrotask(() =>
        queueMicrotask(() => {
          awaitChange(header, HEADER.answers, before);
          const failed = header[HEADER.failed] === 1;
          answer(worker, failed ? { type: "done", ok: false, error: "a share of a kernel failed" } : DONE);
        }),
      );
    },
    onmessage: () => {},
    onerror: () => {},
  };
  // It says once that it is there. Its script is loaded by this thread, which must not wait for it.
  thread.onmessage = ({ data }) => worker.onmessage({ data });
  thread.onerror = (event) => worker.onerror(event);
  return worker;
}
