"""Choosing features: softdraw select beside scikit-learn's selectors, at equal k and with one predictor for all.

    python3 packages/bench/peers/select.py [--sets "wine,diabetes"] [--seed 0]

Each of five folds is held out. Of the other rows every method chooses k columns; then a support vector machine with a Gaussian kernel is
fitted to those columns alone, and scored on the fold. softdraw select is called as anybody would call it, on a CSV of the rows to learn
from; its own folds are fewer here, because only its choice from all of these rows counts. Prints a line of JSON for each data set.

Needs scikit-learn: Debian's python3-sklearn.
"""

import argparse
import csv
import json
import pathlib
import resource
import subprocess
import tempfile
import time
import warnings

import numpy as np
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_wine, make_friedman1
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_selection import RFE, SelectFromModel, SelectKBest, SequentialFeatureSelector
from sklearn.feature_selection import f_classif, f_regression, mutual_info_classif, mutual_info_regression
from sklearn.linear_model import LassoCV, LinearRegression, LogisticRegression
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR

SOFTDRAW = pathlib.Path(__file__).parents[2] / "lab" / "bin" / "softdraw.js"


def loaded(load):
    data = load()
    return data.data, data.target, None


def xor(rows, columns, together, seed):
    x = np.random.RandomState(seed).randn(rows, columns)
    return x, (np.prod(x[:, :together], 1) > 0).astype(int), range(together)


def friedman(columns, seed):
    return (*make_friedman1(1000, columns, noise=1, random_state=seed), range(5))


def duplicates(seed):
    """Friedman's five, four near copies of each, and five of noise. Of each column any copy is right."""
    x, y, _ = friedman(10, seed)
    noise = np.random.RandomState(seed)
    copies = [x[:, :5] + 0.1 * noise.randn(1000, 5) for _ in range(4)]
    return np.concatenate([x[:, :5], *copies, x[:, 5:]], 1), y, [{j + 5 * c for c in range(5)} for j in range(5)]


SETS = {
    "breast cancer": (lambda: loaded(load_breast_cancer), True, 5),
    "diabetes": (lambda: loaded(load_diabetes), False, 5),
    "wine": (lambda: loaded(load_wine), True, 5),
    "digits": (lambda: loaded(load_digits), True, 8),
    "XOR of two of 30": (lambda: xor(1000, 30, 2, 0), True, 2),
    "XOR of three of 10": (lambda: xor(1000, 10, 3, 0), True, 3),
    "XOR of three of 30": (lambda: xor(1000, 30, 3, 0), True, 3),
    "Friedman 1 of 10": (lambda: friedman(10, 1), False, 5),
    "Friedman 1 of 105": (lambda: friedman(105, 2), False, 5),
    "Friedman 1 with copies": (lambda: duplicates(3), False, 5),
}


def softdraw(x, y, k, is_classes, seed):
    with tempfile.TemporaryDirectory() as folder:
        table = pathlib.Path(folder) / "rows.csv"
        with open(table, "w", newline="") as file:
            out = csv.writer(file)
            out.writerow([f"x{j}" for j in range(x.shape[1])] + ["y"])
            out.writerows([*map(repr, map(float, row)), f"class {t}" if is_classes else repr(float(t))] for row, t in zip(x, y))
        numeric = ",".join(f"x{j}" for j in range(x.shape[1]) if len(set(x[:, j])) > 1)
        call = ["node", SOFTDRAW, "select", table, "--target", "y", "--features", str(k), "--folds", "2", "--seed", str(seed)]
        lines = subprocess.run(
            [*call, "--numeric", numeric, "--json", "--out", pathlib.Path(folder) / "report.html"],
            check=True, capture_output=True, text=True,
        ).stdout.splitlines()
    found = next(record for record in map(json.loads, lines) if record["type"] == "selection")
    return [int(name[1:]) for name in found["order"]]


def predictor(is_classes):
    return make_pipeline(StandardScaler(), SVC(C=3) if is_classes else SVR(C=3))


def scaled(y, is_classes):
    return y if is_classes else (y - y.mean()) / y.std()


# With more columns the sequential selector takes minutes for every fold.
MOST_SEQUENTIAL = 64


def selectors(k, is_classes, columns):
    linear = LogisticRegression(max_iter=1000) if is_classes else LinearRegression()
    lasso = LogisticRegression(penalty="l1", solver="liblinear", C=0.5) if is_classes else LassoCV(cv=3)
    of = lambda score: SelectKBest(score, k=k)
    sequential = SequentialFeatureSelector(predictor(is_classes), n_features_to_select=k, cv=3)
    return {
        "SelectKBest, F": of(f_classif if is_classes else f_regression),
        "SelectKBest, mutual information": of(mutual_info_classif if is_classes else mutual_info_regression),
        "RFE, linear": RFE(linear, n_features_to_select=k),
        **({"SequentialFeatureSelector": sequential} if columns <= MOST_SEQUENTIAL else {}),
        "L1": SelectFromModel(lasso, max_features=k, threshold=-np.inf),
    }


def spent(who):
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime


def found_share(true, chosen):
    if true is None:
        return None
    groups = [group if isinstance(group, set) else {group} for group in true]
    return sum(any(column in group for column in chosen) for group in groups) / len(groups)


def compare(name, seed):
    make, is_classes, k = SETS[name]
    x, y, true = make()
    folds = (StratifiedKFold if is_classes else KFold)(5, shuffle=True, random_state=seed)
    results = {}

    def note(method, chosen, seconds, train, test):
        fitted = predictor(is_classes).fit(x[train][:, chosen], scaled(y[train], is_classes))
        said = (y[test] - y[train].mean()) / y[train].std() if not is_classes else y[test]
        score = fitted.score(x[test][:, chosen], said)
        results.setdefault(method, []).append((score, found_share(true, chosen), seconds))

    for train, test in folds.split(x, y):
        before = spent(resource.RUSAGE_CHILDREN)
        chosen = softdraw(x[train], y[train], k, is_classes, seed)
        note("softdraw select", chosen, spent(resource.RUSAGE_CHILDREN) - before, train, test)
        scale = StandardScaler().fit(x[train])
        for method, selector in selectors(k, is_classes, x.shape[1]).items():
            before = time.process_time()
            selector.fit(scale.transform(x[train]), scaled(y[train], is_classes))
            chosen = list(np.flatnonzero(selector.get_support()))
            note(method, chosen, time.process_time() - before, train, test)
    return {
        "set": name,
        "rows": len(y),
        "columns": x.shape[1],
        "k": k,
        "methods": {
            method: {
                "score": round(float(np.mean([r[0] for r in rows])), 4),
                "standardError": round(float(np.std([r[0] for r in rows], ddof=1) / 5**0.5), 4),
                "found": None if true is None else round(float(np.mean([r[1] for r in rows])), 2),
                "seconds": round(float(np.median([r[2] for r in rows])), 1),
            }
            for method, rows in results.items()
        },
    }


parser = argparse.ArgumentParser()
parser.add_argument("--sets", default="", help="their names, separated by commas; all by default")
parser.add_argument("--seed", default=0, type=int)
arguments = parser.parse_args()
warnings.simplefilter("ignore", ConvergenceWarning)
names = arguments.sets.split(",") if arguments.sets else list(SETS)
for name in names:
    print(json.dumps(compare(name, arguments.seed)), flush=True)
