/** The engine's threads in a worker of the page. To be imported before the engine. */

import { installThreads, keepInstances } from "@softdraw/threads/page";

// The page says by itself why there is one thread if it is not isolated: see device.ts.
if (typeof SharedArrayBuffer === "undefined") keepInstances();
else installThreads(Math.min(64, navigator.hardwareConcurrency ?? 1));
