/** Drawing on a canvas in pixels of the screen. */

import type { Attachment } from "svelte/attachments";
import { onThemeChange } from "./theme.svelte.ts";

export interface Surface {
  readonly context: CanvasRenderingContext2D;
  /** In CSS pixels, which the context is scaled to. */
  readonly width: number;
  readonly height: number;
  /** A colour of the style sheet by its name, such as "ink". */
  color(name: string): string;
  /** The size of the page's letters in CSS pixels. */
  readonly em: number;
}

/**
 * Keeps a canvas as sharp as the screen, and draws on it again when its size or the colours change, or what `draw` reads of
 * the page's state.
 */
export function drawing(draw: (surface: Surface) => void): Attachment<HTMLCanvasElement> {
  return (canvas) => {
    let size = $state.raw({ width: 0, height: 0 });
    let colors = $state(0);
    const observer = new ResizeObserver(() => {
      size = { width: canvas.clientWidth, height: canvas.clientHeight };
    });
    observer.observe(canvas);
    const stop = onThemeChange(() => colors++);
    $effect(() => {
      void colors;
      if (size.width > 0) draw(prepare(canvas, size.width, size.height));
    });
    return () => {
      observer.disconnect();
      stop();
    };
  };
}

function prepare(canvas: HTMLCanvasElement, width: number, height: number): Surface {
  const ratio = window.devicePixelRatio || 1;
  const [pixelWidth, pixelHeight] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== pixelWidth) canvas.width = pixelWidth;
  if (canvas.height !== pixelHeight) canvas.height = pixelHeight;
  const context = canvas.getContext("2d")!;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  const style = getComputedStyle(canvas);
  const em = Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
  return { context, width, height, em, color: (name) => style.getPropertyValue(`--${name}`) };
}
