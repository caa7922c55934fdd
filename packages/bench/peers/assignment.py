"""SciPy's exact assignment, of random weights or of the products i * j, which take the longest."""
from serve import arguments, serve

options = arguments(n=100, products=0)

import numpy as np
from scipy.optimize import linear_sum_assignment

i = np.arange(options.n, dtype=np.float64)
weights = -np.outer(i, i) if options.products else np.random.default_rng(0).random((options.n, options.n))


def step():
    linear_sum_assignment(weights, maximize=True)


serve(step)
