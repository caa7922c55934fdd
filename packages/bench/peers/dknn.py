"""A training step of the nearest-neighbour classifier at the tutorial's settings, on random images.

Distances from products, as the experiment has them, or from the tensor of all differences, as the tutorial has them.
"""
from serve import arguments, serve

options = arguments(distances="products")

import torch
from torch.nn import Conv2d, Flatten, Linear, MaxPool2d, ReLU, Sequential
from torch.nn.functional import softmax

BATCH, SIDE, CLASSES, K, TEMPERATURE = 100, 28, 10, 9, 1.0

torch.set_num_threads(options.threads)
torch.manual_seed(0)

network = Sequential(
    *(Conv2d(1, 20, 5), ReLU(), MaxPool2d(2)),
    *(Conv2d(20, 50, 5), ReLU(), MaxPool2d(2)),
    *(Flatten(), Linear(800, 500), ReLU()),
)
optimizer = torch.optim.SGD(network.parameters(), lr=1e-3, momentum=0.9, weight_decay=5e-4)
images = torch.rand(20 * BATCH, 1, SIDE, SIDE)
labels = torch.randint(CLASSES, (len(images),))


def similarities(queries, candidates):
    """Minus the squared distances."""
    if options.distances == "differences":
        return -(queries.unsqueeze(1) - candidates).square().sum(2)
    return 2 * queries @ candidates.T - queries.square().sum(1, keepdim=True) - candidates.square().sum(1)


def relaxed_subset(keys):
    """The sum of K softmaxes, each of the keys less what those before it have taken."""
    taken = torch.zeros_like(keys)
    for _ in range(K):
        choice = softmax(keys / TEMPERATURE, dim=1)
        taken = taken + choice
        keys = keys + torch.log((1 - choice).clamp_min(torch.finfo(keys.dtype).tiny))
    return taken


def step():
    queries, candidates = torch.randint(len(images), (2, BATCH))
    points = network(images[torch.cat([queries, candidates])])
    scores = similarities(*points.split(BATCH))
    noise = -torch.empty_like(scores).exponential_().log()
    same_class = (labels[queries].unsqueeze(1) == labels[candidates]).float()
    loss = -(relaxed_subset(scores + noise) * same_class).sum(1).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


serve(step)
