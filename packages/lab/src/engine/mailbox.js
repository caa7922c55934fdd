// @ts-check
/**
 * One-way messages between two threads through shared memory, without the event loop: `send` returns at once,
 * `receive` waits. A message is anything that JSON can carry, and compiled WebAssembly modules and memories in it,
 * which go through a port the first time and are named by number from then on (a module costs 0.2 ms each time).
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

/** @param {Mailbox} mailbox @returns {(message: unknown) => void} */
export function sender({ memory, port }) {
  const header = new Int32Array(memory, 0, 2);
  const text = Buffer.from(memory, HEADER_BYTES);
  const names = new Map();

  /** @param {string} _ @param {unknown} value */
  const byName = (_, value) => {
    if (!(value instanceof WebAssembly.Module || value instanceof WebAssembly.Memory)) return value;
    let name = names.get(value);
    if (name === undefined) {
      name = names.size;
      names.set(value, name);
      port.postMessage(value);
    }
    return { "named object": name };
  };

  return (message) => {
    const json = JSON.stringify(message, byName);
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
  const named = [];
  let received = 0;

  /** @param {string} _ @param {any} value */
  const byName = (_, value) => {
    const name = value?.["named object"];
    if (name === undefined) return value;
    while (named.length <= name) {
      const arrived = receiveMessageOnPort(port);
      if (arrived) named.push(arrived.message);
    }
    return named[name];
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
    return JSON.parse(text.toString("latin1", 0, header[LENGTH]), byName);
  };
}
