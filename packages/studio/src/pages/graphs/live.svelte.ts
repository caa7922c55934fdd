/** The box of the page: it moves while it plays, and lets its visitor meddle. */

import { type Scene, STEPS_A_FRAME } from "@softdraw/experiments/graphs/dynamics";
import { player } from "../../play.svelte.ts";
import {
  between,
  frameOf,
  type Held,
  isSeen,
  letGo,
  meanDistance,
  moved,
  type Place,
  placesIn,
  placesOf,
  put,
  type Recording,
  recordingOf,
  SEEN_FRAMES,
  setSpring,
  springsOf,
  type View,
  viewOf,
} from "./recording.ts";

/** Steps of the simulator in a second: ten frames. */
const STEPS_A_SECOND = 1000;

/** How fast the view follows the particles: of what is left, in a second. */
const EASE = 2;

/** How a model moves the particles on, from a frame that was kept. */
export interface Continuation {
  /** The number of the frame that it goes on from. */
  readonly from: number;
  /** `[particles, 4]` each. */
  readonly frames: readonly Float32Array[];
  /** How far particles are from where they really are, in the mean: of the frames that have come. */
  readonly distances: readonly number[];
}

export type LiveBox = ReturnType<typeof liveBox>;

/** Called as a component is set up. */
export function liveBox() {
  let recording = $state.raw<Recording>();
  let springs = $state.raw<readonly boolean[]>([]);
  let held = $state.raw<Held>();
  let continuation = $state.raw<Continuation>();
  /** The number of the frame at which the visitor last meddled. */
  let touchedAt = $state<number>();
  let view = $state.raw<View>({ x: 0, y: 0, half: 1 });
  let owed = 0;

  const frames = $derived(recording?.frames ?? []);
  const predicted = $derived(
    continuation && recording && recording.count < continuation.from + 2 * continuation.frames.length
      ? continuation.frames
      : [],
  );
  /** What has all that is drawn in it. */
  const wholeView = $derived(viewOf([...frames, ...predicted]));
  const go = (steps: number) => {
    if (recording === undefined) return;
    const next = moved(recording, steps, held);
    if (continuation) continuation = followed(continuation, recording.count, next);
    if (held) touchedAt = next.count;
    recording = next;
    // It rests under the hand of who holds a particle.
    if (!held) view = between(view, wholeView, 1 - Math.exp((-EASE * steps) / STEPS_A_SECOND));
  };
  const motion = player((seconds) => {
    owed += seconds * STEPS_A_SECOND;
    const whole = Math.floor(owed);
    owed -= whole;
    if (whole > 0) go(whole);
    return true;
  });
  /** What the scene became by hand. */
  const touch = () => {
    if (recording === undefined) return;
    touchedAt = recording.count;
    recording = { ...recording };
  };

  return {
    motion,
    get places(): readonly Place[] {
      return recording ? placesOf(recording.scene) : [];
    },
    /** The frames of the last while. */
    get frames(): readonly Float32Array[] {
      return frames;
    },
    /** How many frames were kept. */
    get count(): number {
      return recording?.count ?? 0;
    },
    /** `[particles, particles]`. */
    get springs(): readonly boolean[] {
      return springs;
    },
    get view(): View {
      return view;
    },
    /** The frames of the continuation, until a while after it is over. */
    get predicted(): readonly Float32Array[] {
      return predicted;
    },
    get continuation(): Continuation | undefined {
      return continuation;
    },
    /** Where the continuation has the particles now; nothing once it is over. */
    get ghosts(): readonly Place[] {
      if (continuation === undefined || recording === undefined) return [];
      const frame = continuation.frames[recording.count - continuation.from - 1];
      return frame ? placesIn(frame) : [];
    },
    /** How many of the frames that a model sees are from before the visitor last meddled. */
    get framesBeforeTouch(): number {
      if (touchedAt === undefined || recording === undefined) return 0;
      return Math.max(0, SEEN_FRAMES - (recording.count - touchedAt));
    },
    begin(scene: Scene) {
      recording = recordingOf(scene);
      springs = springsOf(recording.scene);
      [held, continuation, touchedAt, owed] = [undefined, undefined, undefined, 0];
      view = wholeView;
    },
    /** Moves on by the rest of a frame. */
    step() {
      if (recording) go(STEPS_A_FRAME - recording.steps);
    },
    hold(particle: number, place: Place) {
      held = { particle, ...place };
      if (motion.isPlaying || recording === undefined) return;
      put(recording.scene, particle, place);
      touch();
    },
    release() {
      if (held && recording) letGo(recording.scene, held.particle);
      held = undefined;
    },
    nudge(particle: number, by: Place) {
      if (recording === undefined) return;
      const { x, y } = recording.scene;
      put(recording.scene, particle, { x: x[particle]! + by.x, y: y[particle]! + by.y });
      touch();
      // While nothing moves, no frame comes that the view would follow.
      const place = { x: x[particle]!, y: y[particle]! };
      if (!isSeen(place, view)) view = viewOf([...frames, ...predicted, frameOf(recording.scene)]);
    },
    setSpring(i: number, j: number, isJoined: boolean) {
      if (recording === undefined) return;
      setSpring(recording.scene, i, j, isJoined);
      springs = springsOf(recording.scene);
      touch();
    },
    continueBy(from: number, frames: readonly Float32Array[]) {
      continuation = { from, frames, distances: [] };
      if (recording) continuation = followed(continuation, from, recording);
    },
  };
}

/** With the distances of the frames that were kept since. */
function followed(continuation: Continuation, since: number, { frames, count }: Recording): Continuation {
  const { from, frames: predicted, distances } = continuation;
  const added: number[] = [];
  for (let frame = Math.max(since, from) + 1; frame <= count; frame++) {
    const [told, came] = [predicted[frame - from - 1], frames.at(frame - count - 1)];
    if (told && came) added.push(meanDistance(placesIn(told), placesIn(came)));
  }
  return added.length === 0 ? continuation : { ...continuation, distances: [...distances, ...added] };
}
