/** What the model believed of each pair, frame by frame, as a picture. */

import type { Surface } from "../../canvas.svelte.ts";
import { particleName, unorderedPairs } from "./pairs.ts";

/** Beliefs at one frame. */
export interface Moment {
  /** The number of the frame. */
  readonly frame: number;
  /** Of each two particles, the probability of a spring, in the order of `unorderedPairs`. */
  readonly beliefs: readonly number[];
  readonly springs: readonly boolean[];
}

/** Frames that are shown: what the model sees now, and as much before. */
export const SHOWN_FRAMES = 98;

/** With the newest one, and without what is out of the picture. Of one frame the last is kept. */
export function withMoment(moments: readonly Moment[], newest: Moment): Moment[] {
  const before = moments.filter(({ frame }) => frame < newest.frame && frame > newest.frame - SHOWN_FRAMES);
  return [...before, newest];
}

/** A row for each two particles, a column for each frame, the newest at the right; above, a line where a spring is. */
export function drawBeliefs(
  { context, width, height, color, em }: Surface,
  moments: readonly Moment[],
  particles: number,
): void {
  const pairs = unorderedPairs(particles);
  const [left, bottom] = [2.4 * em, 1.6 * em];
  const row = (height - bottom) / pairs.length;
  const column = (width - left) / SHOWN_FRAMES;
  const last = moments.at(-1)?.frame ?? 0;
  const placeOf = (frame: number) => left + (SHOWN_FRAMES - 1 - (last - frame)) * column;
  context.textBaseline = "middle";
  context.font = `600 ${0.82 * em}px "Source Sans", sans-serif`;
  pairs.forEach(({ receiver, sender }, i) => {
    context.fillStyle = color("ink");
    context.textAlign = "left";
    context.fillText(`${particleName(receiver)}${particleName(sender)}`, 0, (i + 0.5) * row);
    context.fillStyle = color("card");
    context.fillRect(left, i * row + 1, width - left, row - 2);
    for (const [at, { frame, beliefs, springs }] of moments.entries()) {
      const x = Math.round(placeOf(frame));
      // A frame that the model had no time for is as the one before.
      const wide = Math.round(placeOf(moments[at + 1]?.frame ?? frame + 1)) - x;
      context.globalAlpha = beliefs[i]!;
      context.fillStyle = color(springs[receiver * particles + sender] ? "first" : "second");
      context.fillRect(x, i * row + 1, wide, row - 2);
      context.globalAlpha = 1;
      if (!springs[receiver * particles + sender]) continue;
      context.fillStyle = color("ink");
      context.fillRect(x, i * row + 1, wide, 2);
    }
  });
  context.fillStyle = color("muted");
  context.font = `400 ${0.82 * em}px "Source Sans", sans-serif`;
  for (const ago of [SHOWN_FRAMES - 1, 49, 0]) {
    context.textAlign = ago === 0 ? "right" : ago === 49 ? "center" : "left";
    const text = ago === 0 ? "now" : `${ago} frames ago`;
    context.fillText(text, ago === 0 ? width : placeOf(last - ago), height - 0.6 * em);
  }
}
