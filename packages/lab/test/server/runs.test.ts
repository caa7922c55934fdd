import { execFileSync } from "node:child_process";
import { cp, mkdir, readFile, rename, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { describe, expect, test } from "vitest";
import { makeRun, recordAt, SECRET, useStudio } from "./support.ts";

const studio = useStudio();
const checkpoint = { tensors: { weight: { shape: [3], data: Float32Array.of(1, 2, 3) } }, metadata: {} };

async function list() {
  const reply = await studio.ask("/api/runs");
  expect(reply.status).toBe(200);
  return reply.json();
}

async function metrics(name: string, after = "") {
  return (await studio.ask(`/api/runs/${name}/metrics?after=${encodeURIComponent(after)}`)).json();
}

describe("the list of runs", () => {
  test("is empty where there is no folder, and says whose it is", async () => {
    expect(await list()).toEqual({ runs: [], damaged: [], notes: [], isThere: false });
    expect((await studio.ask("/api/server.json")).json()).toMatchObject({ runs: studio.runs });
  });

  test("has configuration, state, last metrics, result and files of every run", async () => {
    const [done, running] = [await makeRun(studio.runs, 1), await makeRun(studio.runs, 2)];
    await done.appendMetrics(recordAt(1));
    await done.appendMetrics(recordAt(2));
    await done.saveCheckpoint(checkpoint);
    await done.writeFile("samples.png", Uint8Array.of(1));
    await done.writeFile("notes.txt", "not for the page");
    await done.writeResult({ results: [] });
    await done.close();
    const { runs, notes } = await list();
    expect(notes).toEqual([]);
    expect(runs).toMatchObject([
      {
        name: basename(done.path),
        experiment: "counting",
        state: "finished",
        epochs: 2,
        metrics: recordAt(2),
        config: { seed: 1, temperature: 0.5 },
        files: ["checkpoint.safetensors", "config.json", "metrics.jsonl", "result.json", "samples.png"],
      },
      { name: basename(running.path), state: "running", epochs: 0, files: ["config.json"] },
    ]);
    await running.close();
    expect((await list()).runs[1].state).toBe("stopped");
  });

  test("is sent again only when it has changed", async () => {
    const run = await makeRun(studio.runs);
    const { headers } = await studio.ask("/api/runs");
    const known = { headers: { "If-None-Match": headers.etag! } };
    expect((await studio.ask("/api/runs", known)).status).toBe(304);
    await run.appendMetrics(recordAt(1));
    expect((await studio.ask("/api/runs", known)).status).toBe(200);
    await run.close();
  });

  test("survives what is half written, damaged, foreign or gone, and says what it skipped", async () => {
    const run = await makeRun(studio.runs);
    await run.appendMetrics(recordAt(1));
    await writeFile(join(run.path, "metrics.jsonl"), `${JSON.stringify(recordAt(1))}\n{"epoch":2,"lo`);
    await run.close();
    await mkdir(join(studio.runs, "no-config"));
    await mkdir(join(studio.runs, "half-config"));
    await writeFile(join(studio.runs, "half-config", "config.json"), '{"experiment":"coun');
    await writeFile(join(studio.runs, "a-file"), "");
    await symlink(studio.path("nowhere"), join(studio.runs, "broken-link"));
    const { runs, damaged, notes, isThere } = await list();
    expect(runs).toMatchObject([{ name: basename(run.path), epochs: 1 }]);
    expect(notes).toHaveLength(2);
    const reason = expect.stringContaining("half-config/config.json: expected JSON");
    expect([damaged, isThere]).toEqual([[{ name: "half-config", reason }], true]);

    await rm(studio.runs, { recursive: true });
    expect(await list()).toEqual({ runs: [], damaged: [], notes: [], isThere: false });
    await writeFile(studio.runs, "a file where the folder was");
    expect((await list()).runs).toEqual([]);
    await rm(studio.runs);
    const later = await makeRun(studio.runs);
    expect((await list()).runs).toMatchObject([{ name: basename(later.path) }]);
    await later.close();
  });

  test("a run with an eye on it goes away without an error of the server's", async () => {
    const run = await makeRun(studio.runs);
    const name = basename(run.path);
    await run.appendMetrics(recordAt(1));
    const asking = Array.from({ length: 40 }, (_, i) =>
      studio.ask(i % 2 === 0 ? "/api/runs" : `/api/runs/${name}/metrics`),
    );
    await rm(run.path, { recursive: true, force: true });
    for (const { status } of await Promise.all(asking)) expect([200, 404]).toContain(status);
    expect(await metrics(name)).toEqual({ continues: false, records: [], cursor: "" });
    expect((await studio.ask(`/api/runs/${name}/samples.png`)).status).toBe(404);
  });
});

describe("the metrics of a run", () => {
  test("come in stretches, each behind the last", async () => {
    const run = await makeRun(studio.runs);
    const name = basename(run.path);
    const none = await metrics(name);
    expect(none).toEqual({ continues: true, records: [], cursor: "" });
    await run.appendMetrics(recordAt(1));
    await run.appendMetrics(recordAt(2));
    const first = await metrics(name);
    expect(first).toMatchObject({ continues: true, records: [recordAt(1), recordAt(2)] });
    expect(await metrics(name, first.cursor)).toEqual({ continues: true, records: [], cursor: first.cursor });
    await run.appendMetrics(recordAt(3));
    expect(await metrics(name, first.cursor)).toMatchObject({ continues: true, records: [recordAt(3)] });
    await run.close();
  });

  test("begin anew when they were cut back, even to grow longer than before", async () => {
    const run = await makeRun(studio.runs);
    const name = basename(run.path);
    for (const epoch of [1, 2, 3]) await run.appendMetrics(recordAt(epoch));
    const { cursor } = await metrics(name);
    const file = join(run.path, "metrics.jsonl");
    const length = (await readFile(file, "utf8")).split("\n")[0]!.length + 1;
    await truncate(file, length);
    expect(await metrics(name, cursor)).toMatchObject({ continues: false, records: [recordAt(1)] });
    for (const epoch of [2, 3, 4, 5]) await run.appendMetrics({ ...recordAt(epoch), imagesPerSecond: 17 });
    const anew = await metrics(name, cursor);
    expect(anew.continues).toBe(false);
    expect(anew.records.map(({ epoch }: { epoch: number }) => epoch)).toEqual([1, 2, 3, 4, 5]);
    await rm(file);
    expect(await metrics(name, anew.cursor)).toEqual({ continues: false, records: [], cursor: "" });
    await run.close();
  });

  test.each(["x", "-1", "5", "5-", "99999999999999999999", "1e3-0", "NaN-0", "0-0", " 7-../x"])(
    "a cursor that is none, %j, is no cursor",
    async (cursor) => {
      const run = await makeRun(studio.runs);
      await run.appendMetrics(recordAt(1));
      expect(await metrics(basename(run.path), cursor)).toMatchObject({ continues: false, records: [recordAt(1)] });
      await run.close();
    },
  );

  test("a torn line is no record yet, and a damaged one is named", async () => {
    const run = await makeRun(studio.runs);
    const [name, file] = [basename(run.path), join(run.path, "metrics.jsonl")];
    await writeFile(file, `${JSON.stringify(recordAt(1))}\n{"epoch":`);
    const first = await metrics(name);
    expect(first.records).toEqual([recordAt(1)]);
    await writeFile(file, `${JSON.stringify(recordAt(1))}\n{"epoch":2}\n`);
    expect((await metrics(name, first.cursor)).records).toEqual([{ epoch: 2 }]);
    await writeFile(file, "damaged\n");
    const reply = await studio.ask(`/api/runs/${name}/metrics`);
    expect(reply.status).toBe(404);
    expect(reply.json().error).toContain('line 1 from byte 0: expected a JSON object, got "damaged"');
    await run.close();
  });
});

describe("the files of a run", () => {
  test("come with their types; a checkpoint is there to be kept, a report is shut off from the page", async () => {
    const run = await makeRun(studio.runs);
    const name = basename(run.path);
    const report = '<style>p { color: red }</style><p onclick="alert(1)">report</p><script>alert(1)</script>';
    await run.writeFile("report.html", report);
    await run.writeFile("samples.png", Uint8Array.of(137, 80, 78, 71));
    await run.saveCheckpoint(checkpoint);
    await run.close();

    const shown = await studio.ask(`/api/runs/${name}/report.html`);
    expect(shown.text).toBe(report);
    const policy = String(shown.headers["content-security-policy"]);
    expect(policy).toMatch(/^sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none';/);
    expect(policy).not.toContain("script");
    expect(shown.headers["cross-origin-resource-policy"]).toBe("same-origin");

    const picture = await studio.ask(`/api/runs/${name}/samples.png`);
    expect(picture.headers).toMatchObject({ "content-type": "image/png", "x-content-type-options": "nosniff" });
    expect([...picture.body]).toEqual([137, 80, 78, 71]);

    const state = await studio.ask(`/api/runs/${name}/checkpoint.safetensors`);
    expect(state.headers["content-disposition"]).toBe(`attachment; filename="${name}-checkpoint.safetensors"`);
    expect(state.body.equals(await readFile(join(run.path, "checkpoint.safetensors")))).toBe(true);
    expect(state.headers["content-length"]).toBe(String(state.body.length));
  });

  test("links that lead out are not followed; those that stay inside are", async () => {
    const run = await makeRun(studio.runs);
    const name = basename(run.path);
    await run.close();
    await symlink(studio.path("secret.json"), join(run.path, "linked.json"));
    await symlink("../../secret.json", join(run.path, "relative.json"));
    await symlink(join(run.path, "config.json"), join(run.path, "inside.json"));
    await symlink("loop.json", join(run.path, "loop.json"));
    await mkdir(studio.path("elsewhere"));
    await writeFile(studio.path("elsewhere", "config.json"), await readFile(join(run.path, "config.json")));
    await symlink(studio.path("elsewhere"), join(studio.runs, "linked-run"));
    await symlink(studio.path(), join(studio.runs, "linked-folder"));

    expect((await studio.ask(`/api/runs/${name}/inside.json`)).status).toBe(200);
    for (const file of ["linked.json", "relative.json", "loop.json"]) {
      const reply = await studio.ask(`/api/runs/${name}/${file}`);
      expect(reply.status).toBe(404);
      expect(reply.text).not.toContain(SECRET);
    }
    expect((await metrics("linked-run")).records).toEqual([]);
    for (const path of ["linked-run/config.json", "linked-folder/secret.json"]) {
      expect((await studio.ask(`/api/runs/${path}`)).status).toBe(404);
    }
    const { runs, damaged } = await list();
    expect(runs.map((run: { name: string }) => run.name)).toEqual([name]);
    expect(JSON.stringify(damaged)).toContain(
      `${join(studio.runs, "linked-run", "config.json")} leads out of the folder`,
    );
  });

  test.each(["metrics.jsonl", "result.json", "config.json", "lock"])(
    "%s that is a link and leads out is not read for the list and the metrics either",
    async (file) => {
      const run = await makeRun(studio.runs);
      await run.appendMetrics(recordAt(1));
      await run.writeResult({ results: [] });
      const [name, path] = [basename(run.path), join(run.path, file)];
      const content = await readFile(path, "utf8");
      await run.close();
      // What lies outside is what belongs there, but for a secret: only the link is wrong.
      const secret =
        file === "metrics.jsonl" ? { ...recordAt(1), secret: SECRET } : { ...JSON.parse(content), secret: SECRET };
      await writeFile(studio.path("outside"), `${JSON.stringify(secret)}\n`);
      await rm(path, { force: true });
      await symlink(studio.path("outside"), path);

      const replies = await Promise.all(
        ["", `/${name}/metrics`, `/${name}/${file}`].map((path) => studio.ask(`/api/runs${path}`)),
      );
      for (const { text } of replies) expect(text).not.toContain(SECRET);
      const { runs, damaged } = replies[0]!.json();
      expect(runs).toEqual([]);
      expect(damaged).toEqual([{ name, reason: `${path} leads out of the folder, or is no file` }]);
      if (file === "metrics.jsonl" || file === "config.json") expect(replies[1]!.status).toBe(404);
      expect(replies[2]!.status).toBe(404);
    },
  );

  test("a run's folder that becomes a link and a folder again, over and over, never shows what is outside", async () => {
    const run = await makeRun(studio.runs);
    await run.close();
    const name = basename(run.path);
    const [own, link] = [`${run.path}-own`, `${run.path}-link`];
    await cp(run.path, studio.path("outside-run"), { recursive: true });
    await writeFile(studio.path("outside-run", "result.json"), JSON.stringify({ secret: SECRET }));
    await writeFile(studio.path("outside-run", `${SECRET}.json`), "{}");
    await symlink(studio.path("outside-run"), link);
    let done = false;
    const swapping = (async () => {
      while (!done) {
        await rename(run.path, own);
        await rename(link, run.path);
        await rename(run.path, link);
        await rename(own, run.path);
      }
    })();
    for (let i = 0; i < 60; i++) {
      const paths = ["", `/${name}/result.json`, `/${name}/metrics`, `/${name}/config.json`];
      for (const { text } of await Promise.all(paths.map((path) => studio.ask(`/api/runs${path}`)))) {
        expect(text).not.toContain(SECRET);
      }
    }
    done = true;
    await swapping;
  });

  test("the folder of runs may itself be a link", async () => {
    await mkdir(studio.path("elsewhere"));
    await symlink(studio.path("elsewhere"), studio.runs);
    const run = await makeRun(studio.runs);
    await run.close();
    expect((await studio.ask(`/api/runs/${basename(run.path)}/config.json`)).status).toBe(200);
  });

  test.skipIf(process.platform === "win32")("a pipe is no file, and nobody waits for its other end", async () => {
    const run = await makeRun(studio.runs);
    execFileSync("mkfifo", [join(run.path, "pipe.json")]);
    expect((await studio.ask(`/api/runs/${basename(run.path)}/pipe.json`)).status).toBe(404);
    await mkdir(join(run.path, "folder.png"));
    expect((await studio.ask(`/api/runs/${basename(run.path)}/folder.png`)).status).toBe(404);
    await run.close();
  });

  test("a checkpoint is whole while the training replaces it", async () => {
    const run = await makeRun(studio.runs);
    const path = `/api/runs/${basename(run.path)}/checkpoint.safetensors`;
    const size = 200_000;
    const state = (step: number) => ({
      tensors: { weight: { shape: [size], data: new Float32Array(size).fill(step) } },
      metadata: {},
    });
    await run.saveCheckpoint(state(1));
    const asking = [];
    for (let step = 2; step < 30; step++) {
      asking.push(studio.ask(path));
      await run.saveCheckpoint(state(step));
    }
    for (const { status, body } of await Promise.all(asking)) {
      expect(status).toBe(200);
      const values = new Float32Array(
        body.buffer.slice(body.byteOffset + body.length - 4 * size, body.byteOffset + body.length),
      );
      expect(new Set(values).size).toBe(1);
    }
    await run.close();
  });
});

test("a hundred runs of a thousand epochs are listed, and any of them read", async () => {
  const lines = Array.from({ length: 1000 }, (_, i) => `${JSON.stringify(recordAt(i + 1))}\n`).join("");
  const names: string[] = [];
  for (let i = 0; i < 100; i++) {
    const run = await makeRun(studio.runs, 1 + (i % 28));
    await run.writeFile("metrics.jsonl", lines);
    await run.close();
    names.push(basename(run.path));
  }
  const { runs } = await list();
  expect(runs).toHaveLength(100);
  expect(runs.every((run: { epochs: number }) => run.epochs === 1000)).toBe(true);
  const stretches = await Promise.all(names.map((name) => metrics(name)));
  for (const { records } of stretches) expect(records).toHaveLength(1000);
  expect(await metrics(names[0]!, stretches[0].cursor)).toMatchObject({ continues: true, records: [] });
});
