import { beforeAll, describe, expect, test } from "vitest";
import { reportParts } from "../../src/select/report-parts.ts";
import { chosenTable, curveTable, doubtText, metricOf } from "../../src/select/show.ts";
import { checkStudy, kneeOf, type Study, type StudyOptions, studyColumns } from "../../src/select/study.ts";
import { xorProblem } from "./support.ts";

/** Milliseconds on a busy machine; a quiet one takes some seconds. */
const HOOK_TIMEOUT = 240_000;

const options: StudyOptions = {
  fewest: 2,
  most: 2,
  folds: 2,
  seeds: 1,
  seed: 0,
  estimator: "relaxed",
  steps: 60,
};

describe("a study of columns that say something together only", () => {
  const problem = xorProblem(150);
  let study: Study;

  beforeAll(async () => {
    study = await studyColumns(problem, options);
  }, HOOK_TIMEOUT);

  test("chooses them, in every fold, where others choose by chance", () => {
    const { curve, knee, chosen, sometimes } = study;
    expect(knee).toBe(2);
    const [point] = curve;
    expect(point!.choice).toMatchObject({ origin: "learned" });
    expect(point!.choice.columns.toSorted()).toEqual(["x1", "x4"]);
    expect(point!.chosen.score).toBeGreaterThan(0.85);
    for (const rival of ["univariate", "forward", "lasso"] as const) {
      expect(point![rival].score).toBeLessThan(point!.chosen.score - 0.2);
    }
    expect(chosen.map(({ stability }) => stability)).toEqual([1, 1]);
    expect(sometimes).toEqual([]);
  });

  test("says what each of them adds, and that the rest says nothing", () => {
    const { chosen, rest, none } = study;
    for (const { change, standIns } of chosen) {
      expect(change).toBeLessThan(-0.25);
      expect(standIns).toEqual([]);
    }
    expect(none.score).toBeLessThan(0.6);
    expect(rest!.score).toBeLessThan(0.65);
  });

  test("is shown in percent, with names", () => {
    const metric = metricOf(problem);
    expect(curveTable(study, metric).rows[0]).toEqual([
      "2",
      ...Array(4).fill(expect.stringMatching(/^\d+\.\d ± \d+\.\d %$/)),
    ]);
    expect(
      chosenTable(study, metric)
        .rows.map(([name, folds]) => [name, folds])
        .toSorted(),
    ).toEqual([
      ["x1", "100 %"],
      ["x4", "100 %"],
    ]);
    expect(doubtText(study, metric)).toBeUndefined();
    const { results, charts } = reportParts(study, metric);
    expect(results[0]).toMatchObject({ name: "accuracy with 2 columns" });
    expect(charts[0]!.svg).toContain("softdraw");
  });
});

test("columns that say nothing have no knee, and that is said", () => {
  const estimate = (score: number) => ({ score, standardError: 0.05, loss: 1 });
  const point = (features: number, score: number) => ({
    features,
    choice: { columns: ["a", "b"].slice(0, features), origin: "learned" as const },
    chosen: estimate(score),
    univariate: estimate(0.5),
    forward: estimate(0.5),
    lasso: estimate(0.5),
  });
  const metric = metricOf(xorProblem(60));
  const study: Study = {
    curve: [point(1, 0.52), point(2, 0.54)],
    knee: undefined,
    features: 2,
    chosen: [],
    sometimes: [],
    all: estimate(0.5),
    rest: undefined,
    none: estimate(0.5),
  };
  expect(doubtText(study, metric)).toBe("No choice is told from none: the best has 54.0 ± 5.0 %, none 50.0 ± 5.0 %.");
  expect(curveTable(study, metric).rows.map(([features]) => features)).toEqual(["1", "2"]);
  const { results, charts } = reportParts(study, metric);
  expect(results.at(-1)).toMatchObject({ name: "with none", note: "no choice is told from it" });
  expect(charts[0]!.caption).toContain("There is no knee");
});

test("the knee has the fewest columns within a standard error of the best", () => {
  const point = (features: number, score: number, standardError: number) => ({
    features,
    chosen: { score, standardError, loss: 0 },
  });
  const none = { score: 0.5 };
  expect(kneeOf([point(1, 0.5, 0.2), point(2, 0.78, 0.01), point(3, 0.8, 0.03), point(4, 0.79, 0.1)], none)).toBe(2);
  const curve = [point(1, 0.5, 0.2), point(2, 0.76, 0.01), point(3, 0.8, 0.03)];
  expect(kneeOf(curve, none)).toBe(3);
  // The best has to be above none by more than its standard error.
  expect(kneeOf(curve, { score: 0.76 })).toBe(3);
  expect(kneeOf(curve, { score: 0.78 })).toBeUndefined();
  expect(kneeOf(curve, { score: 0.9 })).toBeUndefined();
});

test.each([
  [{ most: 7 }, "features: expected 1 to 6, the columns beside the target, got 2..7."],
  [{ fewest: 8, most: 8 }, "features: expected 1 to 6, the columns beside the target, got 8."],
  [{ folds: 49 }, /folds: expected 2 to \d+, the rows of the rarest class, got 49\./],
])("%j is refused", (wrong, message) => {
  expect(() => checkStudy(xorProblem(60), { ...options, ...wrong })).toThrow(message);
});
