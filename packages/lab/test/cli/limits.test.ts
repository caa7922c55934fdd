/** What the system allows a process: its output, its files, its memory. */

import { EventEmitter } from "node:events";
import { readdir } from "node:fs/promises";
import { PROGRAM } from "@softdraw/testing/program";
import { describe, expect, test, vi } from "vitest";
import { watchOutput } from "../../src/cli/streams.ts";
import { failureMessage } from "../../src/failures.js";
import { onlyRun, startCommand, useFolder } from "./support.ts";

const folder = useFolder();

/** The program from a shell, which does something before or with it. */
const inShell = (home: string, before: string, after: string, ...args: string[]) =>
  startCommand(home, "sh", ["-c", `${before} exec "$0" "$@" ${after}`, process.execPath, PROGRAM, ...args]).finished;

describe.skipIf(process.platform !== "linux")("a process", () => {
  test("whose output is a full disk finishes its training, says so once, and fails", async () => {
    const home = await folder.fresh();
    const args = ["train", "sort", "--epochs", "2", "--steps", "2", "--threads", "1"];
    expect(await inShell(home, "", "> /dev/full", ...args)).toEqual({
      code: 1,
      out: "",
      err: "cannot write standard output: the disk is full (ENOSPC). The command goes on without it.\n",
    });
    expect(await readdir(await onlyRun(home))).toEqual(expect.arrayContaining(["report.html", "result.json"]));
  });

  test("whose errors go to a full disk fails by its code", async () => {
    const args = ["train", "sort", "--epochs", "0"];
    expect(await inShell(await folder.fresh(), "", "2> /dev/full", ...args)).toEqual({ code: 2, out: "", err: "" });
  });

  test.each([
    ["ulimit -n 24;", /^error: this process may open no more files \(EMFILE\)\. It needs \d+ at least: .*\n$/],
    ["ulimit -v 10000000;", /^error: this process gets no more memory \(.*\)\. Where ulimit -v limits .*\n$/],
  ])("after %s says in one line what it lacks", async (limit, message) => {
    const { code, out, err } = await inShell(await folder.fresh(), limit, "", "train", "sort");
    expect({ code, out, err }).toEqual({ code: 1, out: "", err: expect.stringMatching(message) });
  });
});

test("a failure is its message, the stack below it where that is asked for", () => {
  const error = new Error("no room");
  expect(failureMessage(error)).toBe("no room");
  expect(failureMessage(error, true)).toMatch(/^Error: no room\n +at /);
  expect(failureMessage("text")).toBe("text");
  const code = (code: string) => failureMessage(Object.assign(new Error("open 'a'"), { code }));
  expect(code("EMFILE")).toContain("no more files (EMFILE)");
  const full = Object.assign(new Error("open 'a'"), { code: "EMFILE" });
  expect(failureMessage(full, true)).toMatch(/^this process may open no more files .*\nError: open 'a'\n +at /);
  expect(code("ENFILE")).toContain("no room for more open files (ENFILE)");
  expect(code("ENOENT")).toBe("open 'a'");
  expect(failureMessage(new RangeError("Array buffer allocation failed"))).toContain("no more memory (Array buffer");
});

describe("output", () => {
  /** Both streams, and what is said of them. */
  function watched() {
    const stream = () => Object.assign(new EventEmitter(), { write: (_: string, done: () => void) => void done() });
    const [stdout, stderr] = [stream(), stream()];
    const isLost = watchOutput({ stdout, stderr } as unknown as NodeJS.Process);
    const fail = (on: EventEmitter, code: string) =>
      on.emit("error", Object.assign(new Error(`${code}: write`), { code }));
    return { isLost, failOut: (code: string) => fail(stdout, code), failErr: (code: string) => fail(stderr, code) };
  }

  test("that is lost is said once, and remembered", async () => {
    const said = vi.spyOn(console, "error").mockImplementation(() => {});
    try {
      const { isLost, failOut, failErr } = watched();
      expect(await isLost()).toBe(false);
      failErr("EIO");
      expect(await isLost()).toBe(false);
      failOut("EIO");
      failOut("ERR_STREAM_DESTROYED");
      expect(await isLost()).toBe(true);
      expect(said.mock.calls).toEqual([
        ["cannot write standard output: the device does not take it (EIO). The command goes on without it."],
      ]);
    } finally {
      said.mockRestore();
    }
  });
});
