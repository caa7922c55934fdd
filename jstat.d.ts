/** What we use of jstat, which has no types of its own. */
declare module "jstat" {
  const jstat: {
    jStat: {
      chisquare: { cdf(x: number, degreesOfFreedom: number): number };
      studentt: { inv(probability: number, degreesOfFreedom: number): number };
    };
  };
  export default jstat;
}
