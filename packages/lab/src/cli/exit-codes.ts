/** How a command ends, for whoever called it. */

export const EXIT = { done: 0, failure: 1, wrongCall: 2, interrupted: 130, readerGone: 141 } as const;
