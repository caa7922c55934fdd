"""A training step of the categorical VAE at the tutorial's settings, on random images: see src/contestants/task.ts."""
from serve import arguments, serve

options = arguments(batch=100, graph=0)

import math

import torch
from torch.nn import Linear, ReLU, Sequential
from torch.nn.functional import binary_cross_entropy_with_logits, gumbel_softmax, log_softmax

BATCH, PIXELS, VARIABLES, CLASSES = options.batch, 784, 30, 10
CODE = VARIABLES * CLASSES

torch.set_num_threads(options.threads)
torch.manual_seed(0)

encoder = Sequential(Linear(PIXELS, 512), ReLU(), Linear(512, 256), ReLU(), Linear(256, CODE), ReLU())
decoder = Sequential(Linear(CODE, 256), ReLU(), Linear(256, 512), ReLU(), Linear(512, PIXELS))
optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=1e-3, capturable=bool(options.graph))
images = torch.rand(20 * BATCH, PIXELS)


def negative_bound(x):
    logits = encoder(x).view(-1, VARIABLES, CLASSES)
    choices = gumbel_softmax(logits, tau=1.0, dim=-1)
    reconstruction = binary_cross_entropy_with_logits(decoder(choices.view(-1, CODE)), x, reduction="sum")
    log_p = log_softmax(logits, dim=-1)
    divergence = (log_p.exp() * (log_p + math.log(CLASSES))).sum()
    return (reconstruction + divergence) / BATCH


def update(x):
    optimizer.zero_grad()
    loss = negative_bound(x)
    loss.backward()
    optimizer.step()
    return loss


def step():
    return update(images[torch.randint(len(images), (BATCH,))]).item()


serve(step)
