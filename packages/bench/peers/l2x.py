"""A training step of the explained sequences as in the notebook, but with attention along the sequence."""
from serve import arguments, serve

options = arguments()

import torch
import torch.nn.functional as F
from torch.nn import Embedding, Flatten, Linear, ReLU, Sequential, TransformerEncoderLayer

BATCH, LENGTH, DECISIVE, WORDS, WIDTH, HEADS, K, TEMPERATURE = 128, 9, 5, 10, 32, 4, 3, 0.1

torch.set_num_threads(options.threads)
torch.manual_seed(0)

embedding = Embedding(WORDS, WIDTH, padding_idx=0)
encoder = TransformerEncoderLayer(WIDTH, HEADS, batch_first=True)
classifier = Sequential(Linear(WIDTH, WIDTH), ReLU(), Linear(WIDTH, WORDS))
explainer = Sequential(Linear(WIDTH, WIDTH), ReLU(), Linear(WIDTH, 1), Flatten(-2, -1))
parameters = [p for module in (embedding, encoder, classifier, explainer) for p in module.parameters()]
optimizer = torch.optim.AdamW(parameters, lr=5e-4, weight_decay=0.01)


def sequences():
    tokens = torch.randint(1, WORDS, (BATCH, LENGTH))
    label = tokens[:, 0].clone()
    tokens[:, :DECISIVE] = label.unsqueeze(1)
    return tokens.gather(1, torch.rand(BATCH, LENGTH).argsort(1)), label


def step():
    tokens, label = sequences()
    embedded = encoder(embedding(tokens))
    scores = F.log_softmax(explainer(embedded), -1)
    draws = F.gumbel_softmax(scores.unsqueeze(1).expand(-1, K, -1), tau=TEMPERATURE)
    seen = draws.max(1)[0]
    pooled = (seen.unsqueeze(-1) * embedded).sum(1) / seen.sum(1, keepdim=True)
    loss = F.cross_entropy(classifier(pooled), label)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


serve(step)
