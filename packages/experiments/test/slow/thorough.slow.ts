/** What the tests of some experiments leave out in the gate. */

process.env.SOFTDRAW_THOROUGH = "yes";
for (const name of ["memory", "nearest-neighbours", "temperature-override"]) await import(`../${name}.test.ts`);
