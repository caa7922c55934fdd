declare module "jstat" {
  const jstat: { jStat: { chisquare: { cdf(x: number, degreesOfFreedom: number): number } } };
  export default jstat;
}
