/** What plays by itself until it is stopped. */

import { onDestroy } from "svelte";

export interface Player {
  readonly isPlaying: boolean;
  toggle(): void;
  stop(): void;
}

/**
 * Calls `advance` once a frame with the seconds since the last one, until it returns false. For users who want less motion,
 * a few times a second.
 */
export function player(advance: (seconds: number) => boolean): Player {
  let isPlaying = $state(false);
  let frame = 0;
  let last = 0;

  const step = (now: number) => {
    frame = requestAnimationFrame(step);
    // A frame may count from before it was asked for.
    const seconds = Math.max(0, now - last) / 1000;
    if (wantsLessMotion() && seconds < CALM_SECONDS) return;
    last = now;
    // A page that was out of sight goes on where it was.
    if (!advance(Math.min(seconds, wantsLessMotion() ? CALM_SECONDS : 0.1))) stop();
  };
  const stop = () => {
    cancelAnimationFrame(frame);
    isPlaying = false;
  };
  onDestroy(stop);
  return {
    get isPlaying() {
      return isPlaying;
    },
    toggle() {
      if (isPlaying) {
        stop();
        return;
      }
      isPlaying = true;
      last = performance.now();
      frame = requestAnimationFrame(step);
    },
    stop,
  };
}

const CALM_SECONDS = 0.6;

function wantsLessMotion(): boolean {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}
