// @ts-check
/**
 * One-way messages between two threads through shared memory, without the event loop: `send` returns at once,
 * `receive` waits. There is room for one message: the next may be sent once that has been received. A message is an
 * object of what JSON can carry in Latin-1. Compiled WebAssembly modules and memories may be fields of it: they go
 * through a port the first time, and by number from then on (a module would take 0.2 ms each time).
 *
 * Plain JavaScript, because the engine's threads start it without a loader.
 */

import { Buffer } from "node:buffer";
import { receiveMessageOnPort } from "node:worker_threads";

/** @typedef {{ memory: SharedArrayBuffer, port: import("node:worker_threads").MessagePort }} Mailbox */

/** Bytes for one message; the engine's are below 2 kB. */
const CAPACITY = 65_536;
const COUNT = 0;
const LENGTH = 1;
const HEADER_BYTES = 8;

/** @returns {SharedArrayBuffer} */
export function mailboxMemory() {
  return new SharedArrayBuffer(HEADER_BYTES + CAPACITY);
}

/** @param {Mailbox} mailbox @returns {(message: object) => void} */
export function sender({ memory, port }) {
  const header = new Int32Array(memory, 0, 2);
  const text = Buffer.from(memory, HEADER_BYTES);
  const names = new Map();

  /** @param {object} value */
  const nameOf = (value) => {
    if (!names.has(value)) {
      names.set(value, names.size);
      port.postMessage(value);
    }
    return names.get(value);
  };

  return (message) => {
    /** @type {Record<string, unknown>} */
    const plain = {};
    /** @type {Record<string, number>} */
    const byName = {};
    for (const [field, value] of Object.entries(message)) {
      if (isPosted(value)) byName[field] = nameOf(value);
      else plain[field] = value;
    }
    const json = JSON.stringify([plain, byName]);
    if (json.length > CAPACITY)
      throw new RangeError(`A message of ${json.length} bytes exceeds the mailbox's ${CAPACITY}.`);
    header[LENGTH] = text.write(json, "latin1");
    Atomics.add(header, COUNT, 1);
    Atomics.notify(header, COUNT);
  };
}

/**
 * @param {Mailbox} mailbox
 * @param {number} spins how long to look before sleeping; waking takes tens of microseconds
 * @param {{ patience?: number }} [options] milliseconds to wait for a message, default forever
 * @returns {() => any}
 */
export function receiver({ memory, port }, spins, { patience = Number.POSITIVE_INFINITY } = {}) {
  const header = new Int32Array(memory, 0, 2);
  const text = Buffer.from(memory, HEADER_BYTES);
  /** @type {unknown[]} */
  const posted = [];
  let received = 0;

  /** @param {number} name */
  const valueOf = (name) => {
    while (posted.length <= name) {
      const arrived = receiveMessageOnPort(port);
      if (arrived) posted.push(arrived.message);
    }
    return posted[name];
  };

  return () => {
    for (let spin = 0; spin < spins && Atomics.load(header, COUNT) === received; spin++);
    // Not every wake brings a message: the sender of the last one may have counted it long before it notified.
    while (Atomics.load(header, COUNT) === received) {
      if (Atomics.wait(header, COUNT, received, patience) === "timed-out") {
        throw new Error(`No answer from a thread of the engine in ${patience / 1000} s.`);
      }
    }
    received++;
    const [message, byName] = JSON.parse(text.toString("latin1", 0, header[LENGTH]));
    for (const field in byName) message[field] = valueOf(byName[field]);
    return message;
  };
}

/** Whether a value has to go through the port. @param {unknown} value */
function isPosted(value) {
  return value instanceof WebAssembly.Module || value instanceof WebAssembly.Memory;
}
