/** For the tests of packages that know no experiments. */
export { watchArrays } from "@softdraw/experiments/nn/live-arrays";
