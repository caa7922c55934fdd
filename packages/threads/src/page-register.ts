/** Threads for the engine in a worker of a page, by an import alone: of as many threads as `installThreads` takes by default. */

import { installThreads } from "./page.ts";

installThreads();
