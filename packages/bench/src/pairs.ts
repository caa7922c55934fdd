/** Contestants in turn, A B A B: whatever else the machine does, it does to all of them. */

import type { Comparison, Findings, Measurement, Settings, Target } from "./benchmark.ts";
import { type Answer, type Contestant, startContestant } from "./contestant.ts";
import { pairwiseRatios } from "./statistics.ts";

export interface Match {
  readonly title: string;
  readonly unit: string;
  /** Convert milliseconds a step to the unit; default as they are. */
  readonly inUnit?: (ms: number) => number;
  readonly contestants: readonly Contestant[];
  readonly comparisons: readonly PairComparison[];
}

/** The ratio of one contestant's measurement to another's. */
interface PairComparison {
  readonly name: string;
  readonly of: string;
  readonly to: string;
  readonly target?: Target;
}

/** Takes the measurements of a match. Who cannot run here is left out, with a note that says why. */
export async function measure(match: Match, settings: Settings): Promise<Findings> {
  const { title, unit, inUnit = (ms: number) => ms } = match;
  const present = match.contestants.filter(({ missing }) => missing?.() === undefined);
  const answers = await takeTurns(present, settings);
  const measurements = present.map(({ name }, i) => ({
    name,
    samples: answers[i]!.map(({ ms }) => inUnit(ms)),
    losses: answers[i]!.flatMap(({ loss }) => loss ?? []),
  }));
  const comparisons = match.comparisons.flatMap((comparison) => compare(comparison, measurements) ?? []);
  return { title, unit, measurements, comparisons, notes: absences(match.contestants) };
}

/** `measure` for several matches, one after the other: all of them, or those that are asked for. */
export async function measureAll(matches: readonly Match[], settings: Settings): Promise<Findings[]> {
  const findings: Findings[] = [];
  for (const match of matches.filter(({ title }) => isAskedFor(title, settings))) {
    findings.push(await measure(match, settings));
  }
  return findings;
}

export function isAskedFor(title: string, { only = "" }: Settings): boolean {
  return title.includes(only);
}

/** Every contestant's answers, one a round. A first turn of each is not counted: it compiles. */
export async function takeTurns(
  contestants: readonly Contestant[],
  { rounds, onProgress }: Settings,
): Promise<Answer[][]> {
  const running = contestants.map(startContestant);
  const answers: Answer[][] = contestants.map(() => []);
  try {
    for (let round = 0; round <= rounds; round++) {
      for (const [i, { name, amount }] of contestants.entries()) {
        onProgress(`${round === 0 ? "warming up" : `round ${round}/${rounds}`}: ${name}`);
        const answer = await running[i]!.ask(amount);
        if (round > 0) answers[i]!.push(answer);
      }
    }
  } finally {
    await Promise.all(running.map((contestant) => contestant.stop()));
  }
  return answers;
}

function compare(comparison: PairComparison, measurements: readonly Measurement[]): Comparison | undefined {
  const samplesOf = (name: string) => measurements.find((measurement) => measurement.name === name)?.samples;
  const [of, to] = [samplesOf(comparison.of), samplesOf(comparison.to)];
  if (!of || !to) return undefined;
  return { name: comparison.name, ratios: pairwiseRatios(of, to), target: comparison.target };
}

function absences(contestants: readonly Contestant[]): string[] {
  return contestants.flatMap(({ name, missing }) => {
    const reason = missing?.();
    return reason === undefined ? [] : [`${name} is left out: ${reason}.`];
  });
}
