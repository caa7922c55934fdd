import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { RUN_SOURCES } from "@softdraw/testing/sources";
import { expect, test } from "vitest";
import { benchmarks } from "../src/benchmarks/index.ts";

const cwd = fileURLToPath(new URL("..", import.meta.url));

function bench(...args: string[]) {
  const env = { ...process.env, VK_DRIVER_FILES: "/nowhere.json" };
  return spawnSync(process.execPath, [...RUN_SOURCES, "src/main.ts", ...args], { cwd, encoding: "utf8", env });
}

test("--help lists every benchmark", () => {
  const { stdout, status } = bench("--help");
  expect(status).toBe(0);
  for (const { name, summary } of benchmarks) expect(stdout).toMatch(new RegExp(`${name} +${summary}`));
});

test("an unknown benchmark is refused before any is taken", () => {
  const { stdout, stderr, status } = bench("gumbel", "gumbels");
  expect({ stdout, status }).toEqual({ stdout: expect.not.stringContaining("##"), status: 2 });
  expect(stderr).toContain('unknown benchmark "gumbels", expected vae-step, dknn-step,');
});

test("a title that no table has is an error", () => {
  const { stderr, status } = bench("sinkhorn", "subset", "--only", "no such shape");
  expect({ stderr, status }).toEqual({
    stderr: 'error: no table of sinkhorn, subset has "no such shape" in its title.\n',
    status: 2,
  });
});

test("without a graphics card the card's benchmark says what is missing", () => {
  const { stdout, status } = bench("gpu");
  expect(status).toBe(0);
  expect(stdout).toMatch(/## On a graphics card\n\nNothing is measured\. WebGPU .*libvulkan/);
});
