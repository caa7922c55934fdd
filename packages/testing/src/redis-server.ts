/** A Redis of its own for a test file: on a free port, with a folder and an append-only file of its own. */

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Why these tests cannot run here. */
export const missingRedis: string | undefined =
  spawnSync("redis-server", ["--version"], { stdio: "ignore" }).status === 0
    ? undefined
    : "no redis-server (on Debian: apt-get install redis-server)";

export interface RedisServer {
  readonly url: string;
  readonly port: number;
  readonly folder: string;
  start(): Promise<void>;
  /** As `kill -9`. */
  kill(): Promise<void>;
  /** It stays connected, and answers nothing any more. */
  freeze(): void;
  /** Ends it, and removes its folder. */
  remove(): Promise<void>;
}

/** @param settings as in its configuration file, such as `--requirepass secret` */
export async function startRedis(...settings: string[]): Promise<RedisServer> {
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), "softdraw-redis-"));
  const args = ["--port", `${port}`, "--bind", "127.0.0.1", "--dir", folder, "--appendonly", "yes", "--save", ""];
  let child: ChildProcess | undefined;
  const start = () =>
    new Promise<void>((resolve, reject) => {
      let said = "";
      child = spawn("redis-server", [...args, ...settings], { stdio: ["ignore", "pipe", "pipe"] });
      child.stdout!.setEncoding("utf8").on("data", (text: string) => {
        said += text;
        if (said.includes("Ready to accept connections")) resolve();
      });
      child.on("error", reject);
      child.on("exit", () => reject(new Error(`redis-server ended:\n${said}`)));
    });
  const kill = async () => {
    const killed = child;
    if (killed === undefined || killed.exitCode !== null || killed.signalCode !== null) return;
    const ended = new Promise((resolve) => killed.once("exit", resolve));
    killed.kill("SIGKILL");
    await ended;
  };
  await start().catch(async (error) => {
    await rm(folder, { recursive: true, force: true });
    throw error;
  });
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    folder,
    start,
    kill,
    freeze: () => void child?.kill("SIGSTOP"),
    async remove() {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() =>
        typeof address === "object" && address ? resolve(address.port) : reject(new Error("no port")),
      );
    });
  });
}
