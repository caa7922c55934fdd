/** What was asked of WebGPU, really. */

/** Of all devices of a program, since it began. */
export interface WebgpuCounts {
  /** Kernels that were computed. */
  dispatches: number;
  /** Times that work was handed to a device. */
  submits: number;
  /** Compute passes. */
  passes: number;
  /** Bind groups that were made. */
  bindGroups: number;
  /** Buffers that were made. */
  buffers: number;
  /** Buffers that there are. */
  buffersAlive: number;
  /** Bytes of the buffers that there are. */
  bytesAlive: number;
}

export const counts: WebgpuCounts = {
  dispatches: 0,
  submits: 0,
  passes: 0,
  bindGroups: 0,
  buffers: 0,
  buffersAlive: 0,
  bytesAlive: 0,
};
