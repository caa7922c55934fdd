"""A training step of neural relational inference at the published settings, on random paths of five particles."""
from serve import arguments, serve

options = arguments()

import torch
from torch import nn
from torch.nn import functional as F

BATCH, PARTICLES, FRAMES, FEATURES, HIDDEN, KINDS, STEPS = 128, 5, 49, 4, 256, 2, 10
VARIANCE, TEMPERATURE = 5e-5, 0.5

torch.set_num_threads(options.threads)
torch.manual_seed(0)

apart = (1 - torch.eye(PARTICLES)).nonzero()
RECEIVERS, SENDERS = apart[:, 0], apart[:, 1]


def ends(x):
    """What both ends of each ordered pair have: [..., particles, width] to [..., pairs, 2 * width]."""
    return torch.cat([x[..., SENDERS, :], x[..., RECEIVERS, :]], -1)


def received(x):
    """The sum over the senders of each receiver, by which pairs are ordered."""
    return x.unflatten(-2, (PARTICLES, PARTICLES - 1)).sum(-2)


class Block(nn.Module):
    def __init__(self, inputs):
        super().__init__()
        self.first, self.second = nn.Linear(inputs, HIDDEN), nn.Linear(HIDDEN, HIDDEN)
        self.norm = nn.BatchNorm1d(HIDDEN)

    def forward(self, x):
        y = F.elu(self.second(F.elu(self.first(x))))
        return self.norm(y.flatten(0, 1)).view_as(y)


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.particles, self.pairs = Block(FRAMES * FEATURES), Block(2 * HIDDEN)
        self.gathered, self.together = Block(HIDDEN), Block(3 * HIDDEN)
        self.kinds = nn.Linear(HIDDEN, KINDS)

    def forward(self, paths):
        pairs = self.pairs(ends(self.particles(paths.flatten(2))))
        gathered = self.gathered(received(pairs) / PARTICLES)
        return self.kinds(self.together(torch.cat([ends(gathered), pairs], -1)))


class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.message = nn.Sequential(nn.Linear(2 * FEATURES, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, HIDDEN), nn.ReLU())
        self.update = nn.Sequential(
            *(nn.Linear(FEATURES + HIDDEN, HIDDEN), nn.ReLU()),
            *(nn.Linear(HIDDEN, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, FEATURES)),
        )

    def forward(self, frame, gate):
        messages = received(self.message(ends(frame)) * gate)
        return frame + self.update(torch.cat([frame, messages], -1))


encoder, decoder = Encoder(), Decoder()
optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=5e-4)
simulations = torch.randn(4 * BATCH, PARTICLES, FRAMES, FEATURES).cumsum(2) / 10


def step():
    paths = simulations[torch.randint(len(simulations), (BATCH,))]
    logits = encoder(paths)
    kinds = F.gumbel_softmax(logits, TEMPERATURE)
    gate = kinds[:, None, :, 1:]
    frames = paths.transpose(1, 2)
    frame, loss = frames[:, 0 : FRAMES - 1 : STEPS], 0
    for ahead in range(1, STEPS + 1):
        frame = decoder(frame, gate)
        targets = frames[:, ahead::STEPS]
        loss = loss + (frame[:, : targets.shape[1]] - targets).square().sum() / (2 * VARIANCE)
    logs = logits.log_softmax(-1)
    divergence = (logs.exp() * (logs + torch.tensor(float(KINDS)).log())).sum()
    loss = (loss + divergence) / (BATCH * PARTICLES)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


serve(step)
