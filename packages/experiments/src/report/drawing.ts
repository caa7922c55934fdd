/** What charts of every kind are drawn with. */

import * as Plot from "@observablehq/plot";
import { DOMParser } from "linkedom";

/** A place in the drawing, in its own pixels or on its axes. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Pixels of the drawing's own grid. */
export const FONT_SIZE = 13;
const CHARACTER_WIDTH = 7.2;
const LEGEND = { rowHeight: 22, gap: 6, space: 16 };

/** Places a mark in the drawing itself rather than on the axes. */
export const IN_PIXELS = { x: { value: "x", scale: null }, y: { value: "y", scale: null } };

/**
 * Colours of Okabe and Ito that the colour-blind can tell apart, in an order that leaves the two that are pale on
 * white to the end.
 */
const COLORS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"];

export function color(index: number): string {
  return COLORS[index % COLORS.length]!;
}

/** The text of an SVG element that says its title to those who cannot see it. The same options always give the same text. */
export function drawingText(title: string, options: Plot.PlotOptions): string {
  const style = { fontSize: `${FONT_SIZE}px` };
  const svg = Plot.plot({ document: emptyDocument(), className: "chart", style, ariaLabel: title, ...options });
  svg.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  svg.setAttribute("role", "img");
  return svg.outerHTML;
}

/** An XML document, so that attributes are escaped as a stand-alone SVG file needs it. */
function emptyDocument(): Document {
  return new DOMParser().parseFromString("<svg/>", "image/svg+xml") as unknown as Document;
}

export function labelAt(place: Point, text: string): Plot.Markish {
  return Plot.text([place], { ...IN_PIXELS, text: () => text, textAnchor: "start" });
}

export function textWidth(text: string): number {
  return text.length * CHARACTER_WIDTH;
}

const COMPACT = new Intl.NumberFormat("en-US", { notation: "compact", maximumSignificantDigits: 5 });

/** Short enough for the margin at any size: 0.25, 120, 1.5K, 2M, 3e-7. */
export function formatTick(value: number): string {
  const tiny = value !== 0 && Math.abs(value) < 1e-4;
  return tiny ? value.toExponential() : COMPACT.format(value);
}

interface LegendSize {
  readonly left: number;
  readonly width: number;
  /** Width of what is drawn before a name. */
  readonly sample: number;
}

/** A legend's samples and names, left to right from `left`, in as many rows as `width` needs. */
export function legendPlaces(names: readonly string[], { left, width, sample }: LegendSize) {
  let [x, y] = [left, LEGEND.rowHeight / 2];
  const places = names.map((name) => {
    const wide = sample + LEGEND.gap + textWidth(name);
    if (x > left && x + wide > width) [x, y] = [left, y + LEGEND.rowHeight];
    const place = { sample: { x, y }, name: { x: x + sample + LEGEND.gap, y } };
    x += wide + LEGEND.space;
    return place;
  });
  return { places, height: y + LEGEND.rowHeight / 2 };
}
