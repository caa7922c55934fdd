import { describe, expect, test } from "vitest";
import { fateOf, ownIdentity, type ProcessIdentity } from "../../src/runs/processes.ts";

const INITIAL = "pid:[4026531836]";
const place = { boot: "first", namespace: INITIAL, machine: "this" };
const own: ProcessIdentity = { pid: process.pid, host: "here", ticks: null, place };

describe("a process", () => {
  test("is alive as it describes itself, and dead with another start", async () => {
    const identity = await ownIdentity();
    expect(await fateOf(identity)).toBe("alive");
    if (identity.ticks !== null) expect(await fateOf({ ...identity, ticks: "1" })).toBe("dead");
  });

  test("that ran before its system was started anew is dead, if that is known to be the same system", async () => {
    const later = { ...own, place: { ...place, boot: "second" } };
    expect(await fateOf(own, later)).toBe("dead");
    expect(await fateOf({ ...own, host: "there" }, later)).toBe("unknown");
    for (const doubt of [{ machine: null }, { machine: "another" }, { namespace: "pid:[7]" }]) {
      expect(await fateOf({ ...own, place: { ...place, ...doubt } }, later)).toBe("unknown");
    }
    const contained = { ...later, place: { ...later.place, namespace: "pid:[7]" } };
    expect(await fateOf(own, contained)).toBe("unknown");
  });

  test("is judged by its host's name where its system told nothing else", async () => {
    for (const nothing of [undefined, null]) {
      const { place: _, ...rest } = own;
      const told = nothing === undefined ? rest : { ...rest, place: nothing };
      const asking = nothing === undefined ? own : { ...own, place: nothing };
      expect(await fateOf(told, asking)).toBe("alive");
      expect(await fateOf({ ...told, host: "there" }, asking)).toBe("unknown");
    }
    expect(await fateOf({ ...own, place: null }, own)).toBe("unknown");
  });
});
