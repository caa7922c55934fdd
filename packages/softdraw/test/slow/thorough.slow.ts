/** What the tests of some structures leave out in the gate. */

process.env.SOFTDRAW_THOROUGH = "yes";
for (const name of ["browser", "chain", "conditional-bernoulli", "permutation", "ranking", "transport"])
  await import(`../${name}.test.ts`);
