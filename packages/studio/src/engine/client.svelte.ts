/** The page's side of the engine: starts it, says how it stands, and asks it. */

import { type Remote, wrap } from "comlink";
import { type DeviceChoice, deviceChoices, type EngineFacts } from "./device-choice.ts";
import type { EngineApi } from "./worker.ts";

type EngineStatus =
  | { readonly state: "starting" }
  | { readonly state: "ready"; readonly facts: EngineFacts }
  | { readonly state: "failed"; readonly reason: string };

export const engine = $state<{ status: EngineStatus }>({ status: { state: "starting" } });

interface Connection {
  readonly api: Remote<EngineApi>;
  readonly facts: Promise<EngineFacts>;
  /** Fails when the worker ends, with what it was asked and has not answered. */
  readonly ended: Promise<never>;
  end(reason: unknown): void;
}

let connection: Connection | undefined;

/** Starts the engine, unless that is done: at the first question, or before. */
export function startConnection(): Connection {
  connection ??= connect(askedDevice());
  return connection;
}

/** The device of the address, `?device=wasm`, which stands before the `#`. */
export function askedDevice(): DeviceChoice {
  const asked = new URLSearchParams(location.search).get("device");
  return deviceChoices.find((choice) => choice === asked) ?? "auto";
}

/**
 * Answers `task` of the engine's API once it has started. A graphics device that is lost on the way is replaced by
 * WebAssembly, once: tasks are functions of their arguments, so they can be asked again.
 */
export async function ask<T>(task: (api: Remote<EngineApi>) => Promise<T>): Promise<T> {
  const { api, facts, ended } = startConnection();
  const { device } = await facts;
  try {
    return await Promise.race([task(api), ended]);
  } catch (error) {
    if (device !== "webgpu") throw error;
    if (connection?.api === api) fallBack(error);
    return ask(task);
  }
}

function fallBack(error: unknown): void {
  connection?.end(error);
  connection = connect("wasm", `WebGPU failed: ${messageOf(error)}`);
}

function connect(choice: DeviceChoice, whyNotWebgpu?: string): Connection {
  engine.status = { state: "starting" };
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "engine" });
  const api = wrap<EngineApi>(worker);
  let end: Connection["end"] = () => {};
  const ended = new Promise<never>((_, reject) => {
    end = (reason) => {
      worker.terminate();
      reject(reason);
    };
  });
  worker.addEventListener("error", ({ message }) => end(new Error(message || "its worker could not be loaded.")));
  const facts = Promise.race([api.startEngine(choice), ended]).then((found) =>
    whyNotWebgpu ? { ...found, whyNotWebgpu } : found,
  );
  facts.then(
    (facts) => {
      engine.status = { state: "ready", facts };
    },
    (error) => {
      engine.status = { state: "failed", reason: messageOf(error) };
    },
  );
  return { api, facts, ended, end };
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
