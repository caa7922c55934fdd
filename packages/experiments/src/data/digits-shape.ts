/** What the embedded digits are like, for pages too, which read them from elsewhere. */

export const digitsShape = { height: 28, width: 28, classes: 10 };

export const digitsCounts = { train: 9_000, test: 1_000 };
