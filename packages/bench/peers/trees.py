"""Spanning trees by the matrix-tree theorem, as torch-struct has it: the log-determinant of a Laplacian, and its gradient."""
from serve import arguments, serve

options = arguments(task="gradient", batch=1000, n=10)

import torch

torch.set_num_threads(options.threads)
torch.manual_seed(0)

n = options.n
draws = torch.randn((options.batch, n, n))
logits = (0.5 * (draws + draws.transpose(-1, -2))).requires_grad_()
off_diagonal = 1 - torch.eye(n)


def log_partition():
    weights = torch.exp(logits) * off_diagonal
    laplacian = torch.diag_embed(weights.sum(-1)) - weights
    return torch.slogdet(laplacian[:, 1:, 1:])[1]


def sample():
    """Wilson's algorithm, tree by tree: random walks without their loops, in proportion to the weights."""
    weights = (torch.exp(logits.detach()) * off_diagonal).numpy().astype("float64")
    import numpy

    generator = numpy.random.default_rng(0)
    cumulative = numpy.cumsum(weights, -1)
    cumulative /= cumulative[..., -1:]
    trees = numpy.zeros((options.batch, n, n), "float32")
    for b in range(options.batch):
        joined = [True] + [False] * (n - 1)
        following = [0] * n
        for start in range(1, n):
            at = start
            while not joined[at]:
                following[at] = int(numpy.searchsorted(cumulative[b, at], generator.random()))
                at = following[at]
            at = start
            while not joined[at]:
                joined[at] = True
                trees[b, at, following[at]] = trees[b, following[at], at] = 1
                at = following[at]
    return trees


def gradient():
    logits.grad = None
    log_partition().sum().backward()


tasks = {"gradient": gradient, "partition": lambda: log_partition().detach(), "sample": sample}


def step():
    tasks[options.task]()


serve(step)
