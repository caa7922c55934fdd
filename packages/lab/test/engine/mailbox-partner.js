// @ts-check
/** The other end of the mailboxes of mailbox.test.ts: answers every message, or sends wakes without messages. */

import { workerData } from "node:worker_threads";
import { receiver, sender } from "../../src/engine/mailbox.js";

const { role, inbox, outbox } = workerData;
const send = sender(outbox);

if (role === "echo") echo();
else nag();

/** Sends every message back, its WebAssembly objects replaced by what is known of them here. */
function echo() {
  const receive = receiver(inbox, 100);
  /** @type {unknown[]} */
  const seen = [];
  const describe = (/** @type {unknown} */ value) => {
    if (!seen.includes(value)) seen.push(value);
    return { kind: Object.prototype.toString.call(value), number: seen.indexOf(value) };
  };
  for (;;) {
    const { module, memory, ...rest } = receive();
    const known = { ...(module && { module: describe(module) }), ...(memory && { memory: describe(memory) }) };
    if (memory) Atomics.add(new Uint8Array(memory.buffer), 0, 1);
    send({ ...rest, ...known });
  }
}

/** Wakes the receiver again and again before each message. */
function nag() {
  const count = new Int32Array(outbox.memory, 0, 1);
  const receive = receiver(inbox, 0);
  for (;;) {
    const message = receive();
    for (let wake = 0; wake < message.wakes; wake++) {
      // The receiver has to be asleep for a wake to reach it.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
      Atomics.notify(count, 0);
    }
    send(message);
  }
}
