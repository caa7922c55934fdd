/** A training that is watched and steered: the experiment's events, pulled one by one. Not asking for the next is a pause. */

import type { Checkpoint } from "@softdraw/experiments/checkpoint/safetensors";
import type { DatasetSplits } from "@softdraw/experiments/data/types";
import type {
  BaseConfig,
  EpochRecord,
  Experiment,
  NamedPicture,
  TrainingEvent,
} from "@softdraw/experiments/experiment";

export interface SessionTask {
  readonly experiment: Experiment;
  readonly config: BaseConfig;
  readonly data: DatasetSplits;
  /** Where to go on from. */
  readonly checkpoint: Checkpoint | undefined;
}

/** What has happened since the last report. */
export interface Report {
  readonly progress: Progress;
  /** Of the steps, the last one of them where `progress` is. */
  readonly losses: readonly number[];
  /** Of the same steps. */
  readonly temperatures: readonly number[];
  readonly records: readonly EpochRecord[];
  /** Where they were drawn anew. */
  readonly pictures?: readonly NamedPicture[];
  readonly isPaused: boolean;
}

export interface Progress extends Pick<TrainingEvent, "epoch" | "epochs" | "step" | "steps" | "temperature"> {
  /** Examples a second, over some of the last steps, what is measured and drawn between them apart. */
  readonly pace: number;
  /** At this pace, without what is measured and drawn. */
  readonly secondsLeft: number;
}

interface Ending {
  readonly isFinished: boolean;
  readonly checkpoint: Checkpoint;
}

export interface Session {
  /** Rejects where the training fails. */
  readonly ending: Promise<Ending>;
  /** After the step that it is at. */
  pause(): void;
  resume(): void;
  stop(): void;
  /** Turns the temperature by hand; undefined leaves it to the schedule. */
  overrideTemperature(temperature: number | undefined): void;
  /** The state after the step that it is at. */
  checkpoint(): Promise<Checkpoint>;
}

export interface Surroundings {
  observe(report: Report): void;
  /** Resolves once what has come in meanwhile has had its turn: wishes to pause, to stop, for the state. */
  nextTurn(): Promise<void>;
}

const REPORT_MS = 250;

/** Pictures are drawn so often, from the first step on. */
const PICTURES_MS = 3000;

/** Drawing them may take this share of the time, not counting the first and the last ones. */
const DRAWING_SHARE = 0.2;

export function startSession(task: SessionTask, { observe, nextTurn }: Surroundings): Session {
  const { experiment, config, data } = task;
  let wish: "go on" | "pause" | "stop" = "go on";
  let wake = () => {};
  let temperature: number | undefined;
  let last = task.checkpoint;
  let isOver = false;
  const waiting: ((checkpoint: Checkpoint) => void)[] = [];

  const wants = (next: typeof wish) => () => {
    wish = next;
    wake();
  };

  /** Answers who waits for the state, and stays for as long as the training is to be paused, saying so. */
  async function stayAt(event: TrainingEvent, tellPause: () => void): Promise<void> {
    for (;;) {
      if (waiting.length > 0) {
        const checkpoint = await event.checkpoint();
        for (const answer of waiting.splice(0)) answer(checkpoint);
      }
      if (wish !== "pause") return;
      tellPause();
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }

  async function train(): Promise<Ending> {
    const events = experiment.run(config, {
      data,
      checkpoint: task.checkpoint,
      temperatureOverride: () => temperature,
    });
    const gathered = gathering();
    const pictures = drawing(task);
    // From one step to the next: the engine still computes when a step's loss is known.
    let since = performance.now();
    try {
      for (;;) {
        const { value: event } = await events.next();
        if (event === undefined) break;
        gathered.add(event, performance.now() - since);
        since = performance.now();
        const isEnd = event.epoch === event.epochs && event.step === event.steps;
        if (isEnd) last = await event.checkpoint();
        await nextTurn();
        const stays = wish !== "go on" || isEnd;
        if (stays || event.record || gathered.isDue()) observe(gathered.take());
        const draws = stays || pictures.isDue();
        if (draws) {
          const drawn = await pictures.draw(event);
          observe({ ...gathered.take(), pictures: drawn });
        }
        // Only here: the wish to pause may have come while pictures were drawn.
        await stayAt(event, () => observe({ ...gathered.take(), isPaused: true }));
        if (draws) since = performance.now();
        if (wish === "stop") {
          last = await event.checkpoint();
          break;
        }
      }
    } finally {
      await events.return();
      isOver = true;
    }
    if (last === undefined) throw new Error("The training has no step.");
    for (const answer of waiting.splice(0)) answer(last);
    return { isFinished: wish !== "stop", checkpoint: last };
  }

  const ending = train();
  return {
    ending,
    pause: wants("pause"),
    resume: wants("go on"),
    stop: wants("stop"),
    overrideTemperature(next) {
      temperature = next;
    },
    async checkpoint() {
      if (isOver) return (await ending).checkpoint;
      const answer = new Promise<Checkpoint>((resolve) => waiting.push(resolve));
      wake();
      return Promise.race([answer, ending.then(({ checkpoint }) => checkpoint)]);
    },
  };
}

/** What the steps amount to between two reports. */
function gathering() {
  let event: TrainingEvent | undefined;
  let [losses, temperatures]: [number[], number[]] = [[], []];
  let records: EpochRecord[] = [];
  let reported = performance.now();
  let recent: { examples: number; ms: number }[] = [];

  return {
    add(next: TrainingEvent, ms: number): void {
      event = next;
      losses.push(next.loss);
      temperatures.push(next.temperature);
      if (next.record) records.push(next.record);
      // A step with a measurement behind it says nothing of the pace.
      else recent = [...recent, { examples: next.examples, ms }].slice(-PACE_STEPS);
    },
    isDue: () => performance.now() - reported > REPORT_MS,
    take(): Report {
      const { epoch, epochs, step, steps, temperature } = event!;
      const total = (of: (step: { examples: number; ms: number }) => number) =>
        recent.reduce((sum, s) => sum + of(s), 0);
      const pace =
        (1000 * total(({ examples }) => examples)) /
        Math.max(
          1e-6,
          total(({ ms }) => ms),
        );
      const secondsAStep = total(({ ms }) => ms) / 1000 / Math.max(1, recent.length);
      const secondsLeft = ((epochs - epoch) * steps + (steps - step)) * secondsAStep;
      const progress = { epoch, epochs, step, steps, temperature, pace, secondsLeft };
      const report = { progress, losses, temperatures, records, isPaused: false };
      [losses, temperatures, records, reported] = [[], [], [], performance.now()];
      return report;
    },
  };
}

const PACE_STEPS = 40;

/** When to draw the pictures of what was learned: at the first step, and every few seconds, or fewer where that takes long. */
function drawing({ experiment, config, data }: SessionTask) {
  let [ended, took] = [Number.NEGATIVE_INFINITY, 0];
  return {
    isDue: () => performance.now() - ended > Math.max(PICTURES_MS, took / DRAWING_SHARE),
    async draw(event: TrainingEvent): Promise<NamedPicture[]> {
      const started = performance.now();
      const pictures = await experiment.pictures({ config, checkpoint: await event.checkpoint() }, data);
      ended = performance.now();
      took = ended - started;
      return pictures;
    },
  };
}
