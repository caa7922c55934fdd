/** Training steps and operators on a graphics card, beside PyTorch on the same card and WebAssembly. */

import { type Benchmark, type Findings, meets, type Settings, type Table } from "../benchmark.ts";
import { type Answer, type Contestant, nodeContestant, startContestant, torchContestant } from "../contestant.ts";
import { findAdapter } from "../gpu/adapter.ts";
import { type Work, worksOf } from "../gpu/works.ts";
import { number } from "../print.ts";

const TITLE = "On a graphics card";

interface Contestants {
  readonly card: Contestant;
  readonly torch: Contestant;
  readonly wasm: Contestant;
}

/** The number that a contestant is asked with says which work is to be done. */
function contestantsOf(small: boolean): Contestants {
  const node = (name: string, device: string) => nodeContestant(name, "gpu", { device, small }, 1);
  const works = JSON.stringify(worksOf({ small }));
  return {
    card: { ...node("WebGPU", "webgpu"), missing: missingWebgpu },
    torch: torchContestant("PyTorch with CUDA", "gpu", ["--works", works], 1, "cuda"),
    wasm: node("WebAssembly, 1 thread", "wasm"),
  };
}

function missingWebgpu(): string | undefined {
  const found = findAdapter();
  return "missing" in found ? found.missing : undefined;
}

/** Takes every work once, whatever the rounds: the calls of one are many, and a card is not shared. */
async function run(settings: Settings): Promise<Findings[]> {
  const found = findAdapter();
  if ("missing" in found) return [findings([], [`Nothing is measured. ${found.missing}`])];
  const small = found.adapter.software;
  const works = worksOf({ small });
  const contestants = contestantsOf(small);
  const card = await answersOf(contestants.card, works, settings);
  const torch = await answersOf(contestants.torch, works, settings);
  const wasm = await answersOf(contestants.wasm, works, settings, ({ cardOnly }) => !cardOnly);
  const rows = works
    .map((work, i) => ({ work, card: card[i], torch: torch[i], wasm: wasm[i] }))
    .filter((row) => row.card);
  return [
    findings(
      [times(rows), counts(rows)],
      [...adapterNotes(found.adapter), ...failures(rows), ...absence(contestants.torch)],
    ),
  ];
}

/** By the work; nothing where there is no such contestant here, or the work is not asked for. */
async function answersOf(
  contestant: Contestant,
  works: readonly Work[],
  { only = "", onProgress }: Settings,
  takes: (work: Work) => boolean = () => true,
): Promise<(Answer | undefined)[]> {
  if (contestant.missing?.() !== undefined) return [];
  let running = startContestant(contestant);
  const answers: (Answer | undefined)[] = [];
  try {
    for (const [i, work] of works.entries()) {
      if (!work.name.includes(only) || !takes(work)) {
        answers.push(undefined);
        continue;
      }
      onProgress(`${contestant.name}: ${work.name}`);
      const answer = await running.ask(i).catch((error) => ({ ms: Number.NaN, failed: String(error) }));
      answers.push(answer);
      if (answer.failed === undefined) continue;
      // What fails on a device may leave nothing that works: the next work gets a program, and so a device, of its own.
      await running.stop();
      running = startContestant(contestant);
    }
  } finally {
    await running.stop();
  }
  return answers;
}

interface Row {
  readonly work: Work;
  readonly card: Answer | undefined;
  readonly torch: Answer | undefined;
  readonly wasm: Answer | undefined;
}

function times(rows: readonly Row[]): Table {
  const head = [
    "ms",
    "first call",
    "to issue",
    "one by one",
    "in a row",
    "target",
    "",
    "PyTorch",
    "its CUDA graph",
    "WebAssembly",
  ];
  const cells = rows.map(({ work: { name, target }, card, torch, wasm }) => [
    name,
    ...[card?.card?.first, card?.card?.issue, card?.card?.alone, card?.card?.inARow].map(cell),
    cell(target),
    verdict(card?.ms, target),
    ...[torch?.ms, torch?.graph, wasm?.card?.alone].map(cell),
  ]);
  return { head, rows: cells };
}

function counts(rows: readonly Row[]): Table {
  const head = ["a call", "dispatches", "submits", "buffers", "bind groups"];
  const cells = rows.map(({ work: { name }, card }) => {
    const { dispatches, submits, buffers, bindGroups } = card?.card?.counts ?? {};
    return [name, ...[dispatches, submits, buffers, bindGroups].map(cell)];
  });
  return { head, rows: cells };
}

/** Empty for what was not measured; what failed comes as null. */
function cell(value: number | null | undefined): string {
  return typeof value === "number" ? number(value) : "";
}

function verdict(ms: number | null | undefined, target: number | undefined): string {
  if (typeof ms !== "number" || target === undefined) return "";
  return meets(ms, { atMost: target }) ? "met" : "MISSED";
}

function adapterNotes({ name, vendor, software }: { name: string; vendor: string; software: boolean }): string[] {
  if (!software) return [`${name} (${vendor}).`];
  return [
    `${name} is a program, and no graphics card: of the works those that it can do in small sizes are done, to see that they can be. ` +
      "Their times mean nothing; their counts do.",
  ];
}

function failures(rows: readonly Row[]): string[] {
  return rows.flatMap(({ work, card, torch, wasm }) =>
    [card, torch, wasm].flatMap((answer) => (answer?.failed === undefined ? [] : [`${work.name}: ${answer.failed}`])),
  );
}

function absence({ name, missing }: Contestant): string[] {
  const reason = missing?.();
  return reason === undefined ? [] : [`${name} is left out: ${reason}.`];
}

function findings(tables: readonly Table[], notes: readonly string[]): Findings {
  return { title: TITLE, unit: "ms", tables, measurements: [], comparisons: [], notes };
}

export const gpu: Benchmark = {
  name: "gpu",
  summary: "training steps and operators on a graphics card, beside PyTorch on it",
  contestants: Object.values(contestantsOf(true)),
  run,
};
