/** Whether tests that take seconds each, and whose kind the gate has already, are run too: as the slow suites do. */
export const isThorough = process.env.SOFTDRAW_THOROUGH !== undefined;
