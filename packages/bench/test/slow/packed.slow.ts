import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { lacksWebgpu, SOFTWARE_ADAPTER } from "@softdraw/testing/webgpu";
import { afterAll, expect, test } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "softdraw-packed-"));
afterAll(() => rmSync(folder, { recursive: true }));

function run(program: string, args: string[], env: NodeJS.ProcessEnv) {
  const { stdout, stderr, status } = spawnSync(program, args, { cwd: folder, encoding: "utf8", env });
  expect({ stderr, status }).toEqual({ stderr: expect.anything(), status: 0 });
  return stdout;
}

test.skipIf(lacksWebgpu("What is packed for a machine with a card"))(
  "what is packed for a machine with a card measures there, without this checkout and Node",
  { timeout: 600_000 },
  () => {
    run("sh", [fileURLToPath(new URL("../../pack.sh", import.meta.url)), join(folder, "packed.tar.gz")], process.env);
    run("tar", ["-xzf", "packed.tar.gz"], process.env);
    const bare = { PATH: "/usr/bin:/bin", ...SOFTWARE_ADAPTER };
    expect(run("sh", ["gpu-bench/run.sh", "--only", "product"], bare)).toMatch(/\n\| a product, .* as 16 x 16 \|/);
  },
);
