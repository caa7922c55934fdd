/** All pages in all views. */

process.env.SOFTDRAW_THOROUGH = "yes";
for (const name of ["pages", "lab-pages"]) await import(`../${name}.test.ts`);
