// @ts-check
/**
 * A job at a time for several threads, through shared memory and without the event loop. A job is a kernel of the
 * engine with the places of its arrays, and it comes in pieces. The calling thread posts it and then takes pieces like
 * every other thread, until none is left. So it never waits for a thread that is asleep, or that the system has put
 * aside for another program, but only for a piece that is being worked on.
 *
 * Plain JavaScript, because threads start it without a loader.
 */

/**
 * @typedef {import("./placement.js").Kernel} Kernel
 *
 * @typedef {object} Job
 * @property {number} kernel its number
 * @property {readonly number[]} pointers
 * @property {readonly number[]} bounds of its pieces: one is from `bounds[i]` to `bounds[i + 1]`
 */

/** Pieces of a job, at most. */
export const MOST_PIECES = 1024;
/** Arrays of a kernel, at most. */
const MOST_POINTERS = 1024;

/**
 * Places on the board. The ticket says how many pieces a job has, and in its lower half how many of them are taken: who
 * counts it up has the next. All else of a job is written before its ticket, and stays until its last piece is done.
 */
const [TICKET, DONE, FAILED, SLEEPERS, CALLER_SLEEPS] = [0, 1, 2, 3, 4];
const [HELPERS, KERNEL, POINTER_COUNT, BOUNDS] = [5, 6, 7, 8];
const POINTERS = BOUNDS + MOST_PIECES + 1;

const TAKEN_BITS = 16;
const TAKEN = 2 ** TAKEN_BITS - 1;

/** No piece. */
const NONE = -1;

/** How often a thread looks before it sleeps, some tenths of a millisecond: to be woken takes about one of them. */
const LOOKS = 100_000;

/** @returns {Int32Array<SharedArrayBuffer>} */
export function jobBoard() {
  return new Int32Array(new SharedArrayBuffer(4 * (POINTERS + MOST_POINTERS)));
}

/**
 * Has all pieces of a job done, some of them here.
 *
 * @param {Int32Array} board
 * @param {Job} job
 * @param {Kernel} kernel the job's
 * @param {number} patience milliseconds to wait for a piece that another thread works on
 */
export function doJob(board, job, kernel, patience) {
  post(board, job);
  let others = job.bounds.length - 1;
  let failure;
  for (let piece = take(board); piece !== NONE; piece = take(board)) {
    others--;
    try {
      kernel(...job.pointers, ...job.bounds.slice(piece, piece + 2));
    } catch (error) {
      failure = error;
    }
  }
  awaitDone(board, others, patience);
  if (board[FAILED] === 1) failure ??= new Error("A kernel failed on another thread.");
  if (failure !== undefined) throw failure;
}

/** Says that one more thread is there to help. @param {Int32Array} board */
export function join(board) {
  Atomics.add(board, HELPERS, 1);
}

/** How many threads are there to help. @param {Int32Array} board */
export function helpersAt(board) {
  return Atomics.load(board, HELPERS);
}

/**
 * Takes pieces of whatever is posted, for ever; or until one is of a kernel that is still on its way here. That piece
 * is returned, to be given to the next call as `held`.
 *
 * @param {Int32Array} board
 * @param {(id: number) => Kernel | undefined} kernelOf
 * @param {number} [held]
 * @returns {number}
 */
export function help(board, kernelOf, held = NONE) {
  for (let piece = held; ; piece = take(board)) {
    if (piece === NONE) {
      awaitJob(board);
      continue;
    }
    const kernel = kernelOf(board[KERNEL] ?? 0);
    if (kernel === undefined) return piece;
    doPiece(board, piece, kernel);
    Atomics.add(board, DONE, 1);
    if (Atomics.load(board, CALLER_SLEEPS) === 1) Atomics.notify(board, DONE);
  }
}

/**
 * A function of its own, so that the stack stays as deep as it is however `help` is compiled. See placement.js.
 *
 * @param {Int32Array} board
 * @param {number} piece
 * @param {Kernel} kernel
 */
function doPiece(board, piece, kernel) {
  try {
    kernel(...part(board, POINTERS, board[POINTER_COUNT]), ...part(board, BOUNDS + piece, 2));
  } catch {
    board[FAILED] = 1;
  }
}

/** @param {Int32Array} board @param {Job} job */
function post(board, { kernel, pointers, bounds }) {
  const pieces = bounds.length - 1;
  if (pieces > MOST_PIECES) throw new RangeError(`A job of ${pieces} pieces exceeds ${MOST_PIECES}.`);
  if (pointers.length > MOST_POINTERS)
    throw new RangeError(`A kernel of ${pointers.length} arrays exceeds ${MOST_POINTERS}.`);
  board[DONE] = 0;
  board[FAILED] = 0;
  board[KERNEL] = kernel;
  board[POINTER_COUNT] = pointers.length;
  board.set(bounds, BOUNDS);
  board.set(pointers, POINTERS);
  Atomics.store(board, TICKET, pieces << TAKEN_BITS);
  // Who is about to sleep finds the ticket changed instead.
  if (Atomics.load(board, SLEEPERS) > 0) Atomics.notify(board, TICKET);
}

/** @param {Int32Array} board @param {number} start @param {number | undefined} length */
function part(board, start, length = 0) {
  return board.subarray(start, start + length);
}

/** @param {number} ticket */
function isSpent(ticket) {
  return ticket >>> TAKEN_BITS === (ticket & TAKEN);
}

/** A piece for this thread alone, or NONE. @param {Int32Array} board */
function take(board) {
  for (;;) {
    const ticket = Atomics.load(board, TICKET);
    if (isSpent(ticket)) return NONE;
    if (Atomics.compareExchange(board, TICKET, ticket, ticket + 1) === ticket) return ticket & TAKEN;
  }
}

/** Returns when there may be pieces to take. @param {Int32Array} board */
function awaitJob(board) {
  for (let look = 0; look < LOOKS; look++) {
    if (!isSpent(Atomics.load(board, TICKET))) return;
  }
  Atomics.add(board, SLEEPERS, 1);
  const ticket = Atomics.load(board, TICKET);
  if (isSpent(ticket)) Atomics.wait(board, TICKET, ticket);
  Atomics.sub(board, SLEEPERS, 1);
}

/**
 * Returns when other threads have done so many pieces.
 *
 * @param {Int32Array} board
 * @param {number} pieces
 * @param {number} patience
 */
function awaitDone(board, pieces, patience) {
  for (let look = 0; look < LOOKS; look++) {
    if (Atomics.load(board, DONE) === pieces) return;
  }
  Atomics.store(board, CALLER_SLEEPS, 1);
  for (let done = Atomics.load(board, DONE); done !== pieces; done = Atomics.load(board, DONE)) {
    if (Atomics.wait(board, DONE, done, patience) === "timed-out") {
      throw new Error(`No answer from a thread of the engine in ${patience / 1000} s.`);
    }
  }
  Atomics.store(board, CALLER_SLEEPS, 0);
}
