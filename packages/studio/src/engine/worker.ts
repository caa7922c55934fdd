/** The engine's thread: the page never waits for a computation. */

import { keepInstances } from "@softdraw/threads/page";
import { expose } from "comlink";
import { startEngine } from "./device.ts";
import * as tasks from "./tasks.ts";

keepInstances();

const api = { startEngine, ...tasks };

export type EngineApi = typeof api;

expose(api);
