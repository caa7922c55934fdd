import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import { afterEach, describe, expect, test } from "vitest";
import { mailboxMemory, receiver, sender } from "../../src/engine/mailbox.js";

let partner: Worker | undefined;

afterEach(() => partner?.terminate());

/** Mailboxes to and from a thread in a role of mailbox-partner.js, with the values that went through the port to it. */
function startPartner(role: "echo" | "nag", spins = 100) {
  const there = new MessageChannel();
  const back = new MessageChannel();
  const [inbox, outbox] = [mailboxMemory(), mailboxMemory()];
  partner = new Worker(new URL("./mailbox-partner.js", import.meta.url), {
    workerData: { role, inbox: { memory: inbox, port: there.port2 }, outbox: { memory: outbox, port: back.port2 } },
    transferList: [there.port2, back.port2],
    execArgv: [],
  });
  const posted: unknown[] = [];
  const postMessage = (value: unknown) => {
    posted.push(value);
    there.port1.postMessage(value);
  };
  const send = sender({ memory: inbox, port: { postMessage } as MessagePort });
  const receive = receiver({ memory: outbox, port: back.port1 }, spins, { patience: 30_000 });
  const ask = (message: object) => {
    send(message);
    return receive();
  };
  return { ask, posted };
}

/** A module of nothing but its header. */
const emptyModule = () => new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0));
const sharedMemory = () => new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });

describe("between two threads", () => {
  test("a thousand messages arrive whole and in order", () => {
    const { ask } = startPartner("echo");
    for (let i = 0; i < 1000; i++) {
      const message = {
        ...{ type: "kernel", i, ptrs: [i, 1 - i, i / 3], nothing: null, yes: true },
        nested: { text: "é".repeat(i % 50), list: Array.from({ length: (37 * i) % 500 }, (_, j) => j) },
      };
      expect(ask(message)).toEqual(message);
    }
  });

  test("the longest message fits, and a longer one is refused before it is sent", () => {
    const { ask } = startPartner("echo");
    const longest = 65_536 - '[{"text":""},{}]'.length;
    expect(ask({ text: "x".repeat(longest) }).text).toHaveLength(longest);
    expect(() => ask({ text: "x".repeat(longest + 1) })).toThrow(
      new RangeError("A message of 65537 bytes exceeds the mailbox's 65536."),
    );
    expect(ask({ text: "next" })).toEqual({ text: "next" });
  });

  test("modules and memories go through the port once, and arrive as the same objects ever after", () => {
    const { ask, posted } = startPartner("echo");
    const [first, second, memory] = [emptyModule(), emptyModule(), sharedMemory()];
    for (let round = 0; round < 5; round++) {
      const kind = "[object WebAssembly.Module]";
      expect(ask({ module: first, memory, round })).toEqual({
        ...{ module: { kind, number: 0 }, round },
        memory: { kind: "[object WebAssembly.Memory]", number: 1 },
      });
      expect(ask({ module: second })).toEqual({ module: { kind, number: 2 } });
    }
    expect(posted).toEqual([first, memory, second]);
    expect(new Uint8Array(memory.buffer)[0]).toBe(5);
  });

  test.each([0, 1000])("a wake without a message is no message (after %i spins)", (spins) => {
    const { ask } = startPartner("nag", spins);
    for (let i = 0; i < 5; i++) expect(ask({ i, wakes: 10 })).toEqual({ i, wakes: 10 });
  });
});

describe("receive", () => {
  const silent = (patience: number) => {
    const { port1 } = new MessageChannel();
    return receiver({ memory: mailboxMemory(), port: port1 }, 10, { patience });
  };

  test("gives up after its patience, and says how long that was", () => {
    expect(silent(20)).toThrow("No answer from a thread of the engine in 0.02 s.");
  });

  test("returns at once what was sent before", () => {
    const mailbox = { memory: mailboxMemory(), port: new MessageChannel().port1 };
    sender(mailbox)({ early: true });
    expect(receiver(mailbox, 0, { patience: 1 })()).toEqual({ early: true });
  });
});
