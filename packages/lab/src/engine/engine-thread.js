// @ts-check
/** One thread of the engine's pool: runs the engine's own worker source on messages from a mailbox. See threads.ts. */

import { workerData } from "node:worker_threads";
import { receiver, sender } from "./mailbox.js";

const { inbox, outbox, source } = workerData;
const send = sender(outbox);
const receive = receiver(inbox, 20000);

/** @type {{ onmessage: (event: { data: unknown }) => void }} */
const scope = { onmessage: () => {} };
new Function("self", "postMessage", source)(scope, send);

for (;;) scope.onmessage({ data: receive() });
