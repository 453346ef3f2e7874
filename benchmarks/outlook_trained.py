"""Does the outlook foretell what trained networks gain? Both, on the same rows of real pairs.

For every pair, encoders are trained with VICReg (both views) and with squared error (x->y and
y->x) on 60 % of the rows, without labels; so are, with fewer seeds, denoising autoencoders of each
view. A probe for the labels is trained on the codes of a few labelled rows of the others. Twice
this is scored: cross-validated on those rows, as the outlook does, and on all rows left. The
outlook's codes of the same rows go through the same probes. Trained scores are appended to a
JSONL file and not computed again; the outlook's are computed in every run.

    python benchmarks/outlook_trained.py                 all twenty pairs
    python benchmarks/outlook_trained.py --half report   only the pairs nothing was chosen on

Fetch what does not come with crossphase first: crossphase datasets fetch htad, and tcga-breast.
A dataset that is not here is left out.
"""

from __future__ import annotations

import argparse
import itertools
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track

import crossphase as xp
from crossphase.errors import InputError
from crossphase.outlook.representations import CODES
from outlook_scores import Array, Key, Rows, foretold_codes, score_all
from outlook_tables import Case, print_tables

SETS = {
    "digits-views": "digit",
    "glyphs": "script",
    "htad": "activity",
    "tcga-breast": "subtype",
}
CROSS_MODAL = ("align", "predict x->y", "predict y->x")
ALONE = ("autoencode x", "autoencode y")


@dataclass(frozen=True)
class Pair:
    """Two views of a dataset, and how its rows are used."""

    dataset: str
    names: tuple[str, str]
    x: Array
    y: Array
    rows: Rows

    @property
    def title(self) -> str:
        return " × ".join(self.names)


def pairs(folder: Path | None) -> Iterator[Pair]:
    """All pairs of views of all datasets that are here."""
    for name, label in SETS.items():
        try:
            data = xp.datasets.load(name, folder=folder)
        except InputError as error:
            print(f"left out: {error}")
            continue
        rows = Rows.of(data.labels[label].values)
        for names in itertools.combinations(data.views, 2):
            x, y = (data.views[view] for view in names)
            yield Pair(name, names, x, y, rows)


def trained_codes(pair: Pair, seed: int, objectives: tuple[str, ...]) -> dict[Key, Array]:
    """Codes of the pool's rows from networks trained on all others."""
    import torch

    from crossphase.nonlinear.codes import Scaler
    from crossphase.nonlinear.config import TrainingConfig
    from crossphase.nonlinear.encoders import mlp
    from crossphase.nonlinear.validation import train_objectives

    torch.set_num_threads(1)
    config = TrainingConfig(seed=seed, accelerator="cpu")
    training, pool = pair.rows.training, pair.rows.pool
    made, _ = train_objectives(pair.x, pair.y, training, config=config, objectives=objectives)
    found = {key: code[pool] for key, (code,) in made.items()}
    if objectives == ALONE:
        for side, values in (("x", pair.x), ("y", pair.y)):
            torch.manual_seed(seed)
            encoder = mlp(values.shape[1], config.code_dim, width=config.width)
            scaled = Scaler.fit(values, training, "vectors")(values[pool])
            with torch.no_grad():
                found["untrained", side] = encoder(torch.as_tensor(scaled)).double().numpy()
    return found


class Records:
    """Scores of trained networks, kept in a file."""

    def __init__(self, path: Path, draws: int, labelled: int) -> None:
        self.path, self.draws, self.labelled = path, draws, labelled
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = path.read_text().splitlines(keepends=True) if path.exists() else []
        records = [json.loads(line) for line in lines if line.endswith("\n")]
        self.known: dict[tuple[Any, ...], dict[str, Any]] = {tuple(r["id"]): r for r in records}
        self.used: list[dict[str, Any]] = []

    def of(self, pair: Pair, seed: int, objectives: tuple[str, ...]) -> list[list[Any]]:
        """[representation, view, scores (draw, 2)] of one training of each objective."""
        part = "alone" if objectives == ALONE else "cross-modal"
        key = (pair.dataset, *pair.names, part, seed, self.draws, self.labelled)
        if key not in self.known:
            start = time.process_time()
            codes = trained_codes(pair, seed, objectives)
            single = {name: [code] for name, code in codes.items()}
            rows = pair.rows
            found = score_all(
                single, frozenset(codes), rows.numbers, rows.draws(self.draws, self.labelled)
            )
            self.known[key] = {
                "id": key,
                "seconds": round(time.process_time() - start, 2),
                "scores": [[*name, values] for name, values in found.items()],
            }
            with self.path.open("a") as file:
                file.write(json.dumps(self.known[key]) + "\n")
        self.used.append(self.known[key])
        return self.known[key]["scores"]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data-dir", type=Path, help="folder of fetched datasets")
    parser.add_argument("--results", type=Path, default=Path("build/outlook_trained.jsonl"))
    parser.add_argument("--seeds", type=int, default=6, help="networks per pair and objective")
    parser.add_argument("--seeds-alone", type=int, default=2, help="the same, of one view alone")
    parser.add_argument("--draws", type=int, default=4, help="labelled sets per pair")
    parser.add_argument("--labelled", type=int, default=200)
    parser.add_argument("--half", choices=("all", "choose", "report"), default="all")
    parser.add_argument("--train-only", action="store_true", help="fill the file of results")
    options = parser.parse_args()
    records = Records(options.results, options.draws, options.labelled)
    halves = itertools.cycle(("choose", "report"))
    taken = [
        (half, pair)
        for half, pair in zip(halves, pairs(options.data_dir), strict=False)
        if options.half in ("all", half)
    ]
    trainings = [(CROSS_MODAL, options.seeds), (ALONE, options.seeds_alone)]
    cases, took = [], []
    for half, pair in track(taken, "pairs", console=Console(stderr=True)):
        trained: dict[Key, list[Any]] = {}
        for objectives, n_seeds in trainings:
            for seed in range(n_seeds):
                for name, view, values in records.of(pair, seed, objectives):
                    trained.setdefault((name, view), []).append(values)
        if options.train_only:
            continue
        draws = pair.rows.draws(options.draws, options.labelled)
        foretold = {}
        for kind in ("linear", "lifted"):
            start = time.process_time()
            codes, whole = foretold_codes(pair.x, pair.y, pair.rows, kind)
            took.append(time.process_time() - start)
            foretold[kind] = score_all(codes, whole, pair.rows.numbers, draws)
        for key, values in trained.items():
            code = {
                kind: np.array(found[key if key in CODES else ("raw", key[1])])
                for kind, found in foretold.items()
            }
            raw = {kind: np.array(found["raw", key[1]]) for kind, found in foretold.items()}
            cases.append(Case(pair.title, half, key, np.array(values), code, raw))
    if not options.train_only:
        print_tables(cases)
        print(f"{np.mean(took):.2f} s of processor time to fit codes of a pair and kind;", end=" ")
    seconds = [record["seconds"] for record in records.used]
    print(f"{len(taken)} pairs; {sum(seconds):.0f} s for all {len(seconds)} trainings")


if __name__ == "__main__":
    main()
