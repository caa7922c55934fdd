/** Pictures of the lab and images of the browser. */

import type { Picture } from "@softdraw/experiments/report/pixels";

export function toImageData({ width, height, channels, data }: Picture): ImageData {
  const image = new ImageData(width, height);
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let channel = 0; channel < 3; channel++) {
      image.data[4 * pixel + channel] = data[pixel * channels + (channels === 1 ? 0 : channel)]!;
    }
    image.data[4 * pixel + 3] = 255;
  }
  return image;
}

/** Any image file that the browser can read, on white, in colour, its longer side at most `longest` pixels. */
export async function readPicture(file: Blob, longest: number): Promise<Picture> {
  const bitmap = await createImageBitmap(file).catch(() => {
    throw new Error("The file is no image that this browser can read.");
  });
  const scale = Math.min(1, longest / Math.max(bitmap.width, bitmap.height));
  const [width, height] = [bitmap.width, bitmap.height].map((size) => Math.max(1, Math.round(size * scale))) as [
    number,
    number,
  ];
  const context = new OffscreenCanvas(width, height).getContext("2d")!;
  context.fillStyle = "white";
  context.fillRect(0, 0, width, height);
  context.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  const { data } = context.getImageData(0, 0, width, height);
  const colors = new Uint8Array(3 * width * height);
  for (let i = 0; i < colors.length; i++) colors[i] = data[4 * Math.floor(i / 3) + (i % 3)]!;
  return { width, height, channels: 3, data: colors };
}
