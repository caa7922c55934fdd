/** Threads for the engine in Node, by an import alone: of as many threads as `installThreads` takes by default. */

import { installThreads } from "./index.ts";

installThreads();
