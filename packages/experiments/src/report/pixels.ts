/** Images side by side in one picture. Pure: the same code runs in Node and in a page. */

/** Bytes in rows from the top left, `height * width * channels` of them; 0 is black and 255 is white. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  /** 1: grey; 3: red, green, blue. */
  readonly channels: 1 | 3;
  readonly data: Uint8Array;
}

interface TileOptions {
  /** Height of one image in its own pixels. */
  readonly height: number;
  /** Width of one image in its own pixels. */
  readonly width: number;
  /** 1 for grey images, the default; 3 for red, green and blue beside each other. */
  readonly channels?: 1 | 3;
  /** Images in a row. */
  readonly columns: number;
  /** Pixels of the picture between two images, none at the edges. Default 2. */
  readonly gap?: number;
  /** Pixels of the picture, each way, for one pixel of an image. Default 3, at which 28 x 28 digits can be looked at. */
  readonly scale?: number;
  /** Grey from 0 to 255 between the images and in the places of an incomplete last row. Default 128. */
  readonly background?: number;
}

type Tiling = Required<TileOptions>;

/**
 * A grid of images, row by row, each pixel enlarged to a square.
 *
 * @param images `[count, height * width * channels]`, bytes, or floats in [0, 1]; floats outside are clamped and NaN is black
 * @returns a picture of `columns` images by as many rows as it takes
 * @throws RangeError for sizes that are not whole numbers in range, or images that do not fill whole tiles
 */
export function tileImages(images: Float32Array | Uint8Array, options: TileOptions): Picture {
  const tiling: Tiling = { gap: 2, scale: 3, background: 128, channels: 1, ...options };
  checkTiling(tiling);
  const count = countImages(images, tiling);
  const bytes = images instanceof Uint8Array ? images : toBytes(images);
  const picture = blankPicture(Math.ceil(count / tiling.columns), tiling);
  for (let index = 0; index < count; index++) drawTile(picture, bytes, index, tiling);
  return picture;
}

function blankPicture(rows: number, tiling: Tiling): Picture {
  const { height, width, channels, columns, gap, scale, background } = tiling;
  const size = (tiles: number, pixels: number) => tiles * pixels * scale + (tiles - 1) * gap;
  const [pictureWidth, pictureHeight] = [size(columns, width), size(rows, height)];
  const data = new Uint8Array(pictureWidth * pictureHeight * channels).fill(background);
  return { width: pictureWidth, height: pictureHeight, channels, data };
}

function drawTile(picture: Picture, bytes: Uint8Array, index: number, tiling: Tiling) {
  const { height, width, channels, columns, gap, scale } = tiling;
  const top = Math.floor(index / columns) * (height * scale + gap);
  const left = (index % columns) * (width * scale + gap);
  for (let y = 0; y < height * scale; y++) {
    const source = (index * height + Math.floor(y / scale)) * width;
    const target = (top + y) * picture.width + left;
    for (let x = 0; x < width * scale; x++) {
      const [from, to] = [(source + Math.floor(x / scale)) * channels, (target + x) * channels];
      for (let channel = 0; channel < channels; channel++) picture.data[to + channel] = bytes[from + channel]!;
    }
  }
}

function toBytes(values: Float32Array): Uint8Array {
  return Uint8Array.from(values, (value) => Math.round(255 * Math.min(1, Math.max(0, value))));
}

function countImages(images: Float32Array | Uint8Array, { height, width, channels }: Tiling): number {
  const size = height * width * channels;
  const count = images.length / size;
  if (Number.isInteger(count) && count > 0) return count;
  const shape = channels === 1 ? `${height} x ${width}` : `${height} x ${width} x ${channels}`;
  throw new RangeError(
    `tileImages: images must hold one or more whole images of ${shape} = ${size} values, got ${images.length} values.`,
  );
}

function checkTiling(tiling: Tiling): void {
  checkWhole(tiling, ["height", "width", "columns", "scale"], 1, Number.MAX_SAFE_INTEGER);
  checkWhole(tiling, ["gap"], 0, Number.MAX_SAFE_INTEGER);
  checkWhole(tiling, ["background"], 0, 255);
}

function checkWhole(tiling: Tiling, names: (keyof Tiling)[], least: number, most: number): void {
  for (const name of names) {
    const value = tiling[name];
    if (Number.isInteger(value) && value >= least && value <= most) continue;
    const range = most === 255 ? `from ${least} to ${most}` : `of at least ${least}`;
    throw new RangeError(`tileImages: ${name} must be a whole number ${range}, got ${value}.`);
  }
}
