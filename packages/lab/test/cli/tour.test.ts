import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { experiments } from "@softdraw/experiments/all";
import { Command } from "commander";
import { beforeAll, describe, expect, test } from "vitest";
import { addTourOf, TOUR } from "../../src/cli/tour.ts";
import { call, useFolder, within } from "./support.ts";

const folder = useFolder();

/** What an epoch of the shortest part takes on a busy machine. */
const TIMEOUT = 300_000;

describe("a tour of one", () => {
  let home: string;
  let finished: Awaited<ReturnType<typeof call>>;

  beforeAll(async () => {
    home = await folder.fresh();
    const parts = [{ name: "explain", values: { epochs: 2, steps: 3, batch: 10 }, share: 1 }];
    finished = await within(home, async () => {
      const program = new Command();
      addTourOf(program, parts);
      await program.parseAsync(["tour", "explain", "--json"], { from: "user" });
      return 0;
    });
  }, TIMEOUT);

  test("is an ordinary run, and one report of it", async () => {
    const { code, out, err } = finished;
    expect([code, err]).toEqual([0, ""]);
    const records = out.trim().split("\n").map((line) => JSON.parse(line)); // biome-ignore format: one line
    const kinds = records.map(({ type }) => type);
    expect(kinds.at(0)).toBe("run");
    expect(kinds.slice(-3)).toEqual(["result", "finished", "tour"]);
    const [{ run, command }] = records;
    expect(command).toBe("softdraw train explain --epochs 2 --steps 3 --batch 10");
    expect(JSON.parse(await readFile(join(home, run, "result.json"), "utf8")).results[0].name).toBe("accuracy");
    const page = await readFile(join(home, "runs", "report.html"), "utf8");
    expect(page).toContain("Explained sequences");
    expect(page).toContain("data:image/png;base64,");
    expect(page).toContain(`href="${run.slice("runs/".length)}/report.html"`);
  });

  test("which eval and runs can read", async () => {
    const run = JSON.parse(finished.out.split("\n")[0]!).run as string;
    const judged = await call(home, "eval", run, "--examples", "200");
    expect([judged.code, judged.err]).toEqual([0, ""]);
    expect(judged.out).toMatch(/^accuracy +\d/m);
    const listed = await call(home, "runs");
    expect([listed.code, listed.err]).toEqual([0, ""]);
    expect(listed.out).toMatch(/explain-.*finished.*accuracy/);
  });
});

test("its parts are configurations of experiments", () => {
  for (const { name, values } of TOUR) {
    const experiment = experiments.find((experiment) => experiment.name === name)!;
    expect(experiment.schema.parse(values)).toMatchObject(values);
  }
});

test("an experiment that is no part of it is refused, naming those that are", async () => {
  const { code, err } = await call(await folder.fresh(), "tour", "sort");
  expect(code).toBe(2);
  expect(err).toContain("vae, dknn, jigsaw, explain, graphs");
});

test(
  "training a task prints the command with the task, its rows, and the chosen features in words",
  async () => {
    const home = await folder.fresh();
    const options = ["--task", "xor", "--epochs", "1", "--steps", "2", "--batch", "10"];
    const { code, out, err } = await call(home, "train", "explain", ...options);
    expect([code, err]).toEqual([0, ""]);
    expect(out).toContain("softdraw train explain --task xor --epochs 1 --steps 2 --batch 10\n");
    expect(out).toMatch(/^epoch +loss +rank +chosen +accuracy +gap +temp +ex\/s$/m);
    expect(out).toMatch(/^feature {2}1 {2}chosen in +\d+\.\d % of the examples$/m);
    const refused = await call(home, "train", "explain", "--task", "xor", "--width", "8");
    expect(refused).toMatchObject({
      code: 2,
      err: expect.stringContaining("--width: The task xor has no such option, got 8."),
    });
  },
  TIMEOUT,
);
