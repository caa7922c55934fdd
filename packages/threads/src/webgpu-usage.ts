/**
 * What the engine wants buffers for, by WebGPU's numbers, as its specification fixes them. In a page there are names
 * for them; not all declarations of the page's types have the names.
 */

const [MAP_READ, COPY_SRC, COPY_DST, UNIFORM, STORAGE] = [0x1, 0x4, 0x8, 0x40, 0x80] as const;

/** Of the buffer of an array. */
export const ARRAY_USAGE = STORAGE | COPY_SRC | COPY_DST;
/** Of a buffer that the host reads. */
export const STAGING_USAGE = MAP_READ | COPY_DST;
/** Of a buffer of constants. */
export const UNIFORM_USAGE = UNIFORM;
/** How a buffer is mapped that the host reads. */
export const READ_MODE = 0x1;
