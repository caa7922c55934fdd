/** A program of the reader's in a thread of its own, which can be ended at any moment. */

import { proxy } from "comlink";
import { onDestroy } from "svelte";
import { askedDevice, messageOf } from "../../engine/client.svelte.ts";
import { type LabThread, startLabThread } from "../../lab/client.svelte.ts";
import type { Kind } from "../../programs/printing.ts";

type RunState = "idle" | "starting" | "running" | "finished" | "failed" | "stopped";

export interface Printed {
  readonly kind: Kind;
  readonly text: string;
  /** Of the program, where something went wrong on one. */
  readonly line?: number | undefined;
}

/** Called as a component is set up. What runs ends with it. */
export function programRunner() {
  let state = $state<RunState>("idle");
  let printed = $state.raw<readonly Printed[]>([]);
  let seconds = $state(0);
  /** There after its end, too: what waits for a timer goes on. */
  let thread = $state.raw<LabThread>();

  const isActive = () => state === "starting" || state === "running";

  function end() {
    thread?.end();
    thread = undefined;
  }

  async function run(source: string) {
    end();
    const own = startLabThread("program");
    thread = own;
    printed = [];
    state = "starting";
    const print = async (kind: Kind, text: string, line?: number) => {
      if (thread === own) printed = [...printed, { kind, text, line }];
    };
    let failure: { message: string; line?: number | undefined } | undefined;
    try {
      await Promise.race([own.api.startEngine(askedDevice()), own.broken]);
      if (thread !== own) return;
      state = "running";
      const began = performance.now();
      failure = await Promise.race([own.api.runProgram(source, proxy(print)), own.broken]);
      seconds = (performance.now() - began) / 1000;
    } catch (error) {
      failure = { message: messageOf(error) };
    }
    if (thread !== own) return;
    if (failure) await print("error", failure.message, failure.line);
    state = failure ? "failed" : "finished";
  }

  function stop() {
    if (thread === undefined) return;
    end();
    state = "stopped";
  }

  onDestroy(end);
  return {
    run,
    stop,
    get state() {
      return state;
    },
    get isActive() {
      return isActive();
    },
    get canStop() {
      return thread !== undefined;
    },
    get printed() {
      return printed;
    },
    /** That the last program took, the engine's start apart. */
    get seconds() {
      return seconds;
    },
  };
}
