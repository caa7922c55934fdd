"""A training step of the jigsaw at the tutorial's settings, on random images."""
from serve import arguments, serve

options = arguments()

import torch
from torch.nn import BatchNorm2d, Conv2d, Flatten, Linear, MaxPool2d, ReLU, Sequential

BATCH, ACROSS, SIDE, CHANNELS, TEMPERATURE, ITERATIONS = 64, 2, 14, 32, 0.1, 20
PIECES = ACROSS * ACROSS

torch.set_num_threads(options.threads)
torch.manual_seed(0)

network = Sequential(
    *(Conv2d(1, CHANNELS, 5, padding=2), MaxPool2d(2), ReLU(), BatchNorm2d(CHANNELS)),
    *(Flatten(), Linear(CHANNELS * (SIDE // 2) ** 2, PIECES, bias=False)),
)
optimizer = torch.optim.Adam(network.parameters(), lr=1e-4)
images = torch.randn(20 * BATCH, ACROSS * SIDE, ACROSS * SIDE)


def cut(pictures):
    """Pictures as pieces of SIDE * SIDE pixels, row by row."""
    pieces = pictures.reshape(-1, ACROSS, SIDE, ACROSS, SIDE).transpose(2, 3)
    return pieces.reshape(-1, PIECES, SIDE, SIDE)


def sinkhorn(logits):
    """Rows, then columns, normalized in the log domain."""
    for _ in range(ITERATIONS):
        logits = logits - logits.logsumexp(2, keepdim=True)
        logits = logits - logits.logsumexp(1, keepdim=True)
    return logits.exp()


def step():
    original = cut(images[torch.randint(len(images), (BATCH,))])
    orders = torch.rand(BATCH, PIECES).argsort(1)
    shuffled = original[torch.arange(BATCH).unsqueeze(1), orders]
    scores = network(shuffled.reshape(-1, 1, SIDE, SIDE)).reshape(BATCH, PIECES, PIECES)
    noise = -torch.empty_like(scores).exponential_().log()
    plans = sinkhorn((scores + noise) / TEMPERATURE)
    found = plans.transpose(1, 2) @ shuffled.flatten(2)
    loss = (found - original.flatten(2)).square().sum((1, 2)).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


serve(step)
