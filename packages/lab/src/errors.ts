/** Two ways for work to end that are nobody's fault but the caller's wish or the caller's mistake. */

/** The caller's mistake: the message says what was wrong, what was expected and what came. */
export class WrongCall extends Error {}

/** The signal to stop was obeyed: the work is saved, and there is nothing more to say. */
export class Interrupted extends Error {}
