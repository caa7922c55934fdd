/** How many lines are told apart: colours of the style sheet and dashes in lengths of the screen, of different periods. */

const lineColors = ["first", "second", "third", "fourth"] as const;

const lineDashes: readonly (readonly number[])[] = [[], [9, 4], [2, 4], [12, 4, 2, 4], [5, 2]];

export function lineColor(index: number): (typeof lineColors)[number] {
  return lineColors[index % lineColors.length]!;
}

export function lineDash(index: number): readonly number[] {
  return lineDashes[index % lineDashes.length]!;
}
