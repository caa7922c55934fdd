/** SVG to PNG, in native code: kept apart so that pages and tests of charts do not load it. */

import { Resvg } from "@resvg/resvg-js";

/**
 * The drawing as a PNG file. Text needs a font of the system; without any, the rest is still drawn.
 *
 * @param svg text of an SVG file
 * @param options.width pixels; the height follows
 * @param options.background any CSS colour, default white. What has the colour of the surrounding text is black
 */
export function rasterize(
  svg: string,
  { width, background = "white" }: { width: number; background?: string },
): Uint8Array {
  return new Resvg(svg, { fitTo: { mode: "width", value: width }, background }).render().asPng();
}
