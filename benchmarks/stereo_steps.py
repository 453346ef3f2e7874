"""What either probe finds as training goes on: CA and CP on stereo dSprites at one ν.

python benchmarks/stereo_steps.py                       5 minutes of one core
python benchmarks/stereo_steps.py --jitter 0.5 --pairs 100000 --epochs 1 2 3 4 5

Trains on 80 % of the pairs as published (batches of 64, Adam at 1e-3, no early stopping) and probes
the other 20 %.
"""

from __future__ import annotations

import argparse

import numpy as np
import torch
from rich.console import Console

from crossphase.datasets.stereo import stereo_dsprites, stereo_shapes3d
from crossphase.nonlinear.decorrelation import vicreg
from crossphase.nonlinear.encoders import ImageDecoder, image_encoder, projector
from crossphase.nonlinear.prediction import squared_error
from crossphase.nonlinear.probing import probe, short_probe
from crossphase.outlook.probe import Task

MADE = {"dsprites": stereo_dsprites, "shapes3d": stereo_shapes3d}
SIZES = np.logspace(2, 4, 10).astype(int)
BATCH = 64


class Alignment(torch.nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.x, self.y = image_encoder(channels), image_encoder(channels)
        self.to_x, self.to_y = projector(128, 32), projector(128, 32)

    def forward(self, x, y):
        return vicreg(self.to_x(self.x(x)).float(), self.to_y(self.y(y)).float())


class Prediction(torch.nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.x, self.decoder = image_encoder(channels), ImageDecoder(128, channels)

    def forward(self, x, y):
        return squared_error(self.decoder(self.x(x)).float(), y)


def pixels(images, rows):
    return torch.from_numpy(images[rows]).float() / 255.0


def codes(model, images, rows):
    with torch.no_grad():
        parts = [model.x(pixels(images, rows[i : i + 500])) for i in range(0, len(rows), 500)]
    return torch.cat(parts).double().numpy()


def probed(model, x, labels, train, test, classes):
    """Accuracies: published probe at its best size, converged on 100 and on 1000 labels."""
    train = train[: SIZES[-1]]
    code, new = codes(model, x, train), codes(model, x, test)

    def accuracy(fit, count):
        task = Task("classes", labels[train[:count], None].astype(float), classes)
        found = fit(code[:count], task, new, rng=np.random.default_rng(0))[:, 0]
        return float((found == labels[test]).mean())

    published = max(accuracy(short_probe, size) for size in SIZES if size <= len(train))
    return published, accuracy(probe, 100), accuracy(probe, 1000)


def run(objective, args, console):
    pairs = MADE[args.set](args.pairs, jitter=args.jitter, noise_y=args.noise)
    x, y = pairs.images()
    split = pairs.split(args.seed)
    train = np.concatenate([split.train, split.validation])
    torch.manual_seed(args.seed)
    model = objective(x.shape[1])
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    rng = np.random.default_rng(args.seed)
    steps = 0
    for epoch in range(max(args.epochs) + 1):
        order = rng.permutation(train) if epoch else train[:0]  # first the untrained network
        for start in range(0, len(order) - BATCH // 2 + 1, BATCH):
            rows = order[start : start + BATCH]
            with torch.autocast("cpu", torch.bfloat16):
                loss = model(pixels(x, rows), pixels(y, rows))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            steps += 1
        if epoch in args.epochs:
            found = probed(model, x, pairs.labels, train, split.test, len(pairs.class_names))
            told = "  ".join(f"{value:.3f}" for value in found)
            console.print(f"{objective.__name__:10} {steps:6} steps  {told}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--set", choices=MADE, default="dsprites")
    parser.add_argument("--pairs", type=int, default=10_000)
    parser.add_argument("--jitter", type=float, default=0.0)
    parser.add_argument("--noise", type=float, default=0.5)
    parser.add_argument("--epochs", type=int, nargs="+", default=[0, 1, 5, 10, 20])
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    torch.set_num_threads(1)
    console = Console(highlight=False)
    console.print("accuracy: published probe, converged on 100 labels, converged on 1000")
    for objective in (Alignment, Prediction):
        run(objective, args, console)


if __name__ == "__main__":
    main()
