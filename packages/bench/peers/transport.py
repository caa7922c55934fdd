"""Sinkhorn's iterations as NumPy users write them, in float64: scalings, as ot.sinkhorn has them, or log-sum-exps."""
from serve import arguments, serve

options = arguments(m=100, n=100, iterations=100, temperature=0.1, penalty=0.0, form="scaling")

import numpy as np

random = np.random.default_rng(0)
costs = random.random((options.m, options.n))
rows = np.full(options.m, 1 / options.m)
columns = np.full(options.n, 1 / options.n)
power = options.penalty / (options.penalty + options.temperature) if options.penalty > 0 else 1.0


def scaling():
    kernel = np.exp(-costs / options.temperature)
    v = np.ones(options.n)
    for _ in range(options.iterations):
        u = (rows / (kernel @ v)) ** power
        v = (columns / (kernel.T @ u)) ** power
    return u[:, None] * kernel * v


def log_sum_exp(x, axis):
    largest = x.max(axis, keepdims=True)
    return (largest + np.log(np.exp(x - largest).sum(axis, keepdims=True))).squeeze(axis)


def log():
    x = -costs / options.temperature
    f, g = np.zeros(options.m), np.zeros(options.n)
    for _ in range(options.iterations):
        f = power * (np.log(rows) - log_sum_exp(x + g, 1))
        g = power * (np.log(columns) - log_sum_exp(x + f[:, None], 0))
    return np.exp(x + f[:, None] + g)


plan = {"scaling": scaling, "log": log}[options.form]


def step():
    plan()


serve(step)
