"""Should a ridge regression predict values beyond all labels that it learned from?

R² on rows held out of the outlook's probe as it is (within the labels), with a tenth of their
range on either side, and without limits: on simulated features and labels, and on the views of the
elements, whose melting point was derived from neither.

    python benchmarks/probe_limits.py [--draws 60] [--data-dir FOLDER]
"""

from __future__ import annotations

import argparse
from unittest.mock import patch

import numpy as np
from threadpoolctl import threadpool_limits

from crossphase import datasets
from crossphase.outlook import probe
from crossphase.outlook.lift import FeatureMap

LEARN, TEST = 160, 2000
FIRST_SEED = 1000


def limits(slack):
    """The two places where limits are drawn, with this share of the range added on both sides."""
    within, others = probe.within_labels, probe._ranges_of_others

    def wider(low, high):
        more = slack * (high - low)
        return low - more, high + more

    def within_wider(predictions, targets):
        low, high = wider(targets.min(axis=0), targets.max(axis=0))
        return np.clip(predictions, low, high)

    if slack == 0:
        return within, others
    if np.isinf(slack):
        return lambda found, targets: found, lambda targets: (
            np.full_like(targets, -np.inf),
            np.full_like(targets, np.inf),
        )
    return within_wider, lambda targets: wider(*others(targets))


SLACKS = (0.0, 0.1, np.inf)


def r2(features, values, learn, test):
    """R² of the held-out rows for every slack."""
    mean, spread = features[learn].mean(axis=0), features[learn].std(axis=0)
    features = (features - mean) / np.where(spread > 0, spread, 1.0)
    task = probe.Task("continuous", values[learn][:, None])
    total = ((values[test] - values[learn].mean()) ** 2).mean()
    found = []
    for slack in SLACKS:
        within, others = limits(slack)
        with (
            patch.object(probe, "within_labels", within),
            patch.object(probe, "_ranges_of_others", others),
        ):
            predicted, _ = probe.fit_predict(
                features[learn], task, features[test], [features.shape[1]]
            )
        found.append(1 - ((predicted[:, 0] - values[test]) ** 2).mean() / total)
    return found


def gaussian(rng, shape):
    return rng.normal(size=shape)


def heavy(rng, shape):
    return rng.standard_t(3, size=shape)


def identity(values):
    return values


SIMULATED = (
    ("linear, little noise", gaussian, identity, 0.1),
    ("linear", gaussian, identity, 0.5),
    ("linear, much noise", gaussian, identity, 1.0),
    ("linear, features of three degrees of freedom", heavy, identity, 0.5),
    ("saturating, features of three degrees of freedom", heavy, np.tanh, 0.3),
    ("parabola", gaussian, lambda s: s + 0.5 * s**2, 0.3),
    ("exponential", gaussian, np.exp, 0.3),
    ("grades from −3 to 3", gaussian, lambda s: np.clip(np.round(2 * s), -3, 3), 0.1),
)


def simulated(features, curve, noise, seed):
    rng = np.random.default_rng(seed)
    x = features(rng, (LEARN + TEST, 10))
    values = curve(x[:, 0]) + noise * rng.normal(size=len(x))
    rows = np.arange(len(x))
    return r2(x, values, rows[:LEARN], rows[LEARN:])


def elements(view, lifted, data, seed):
    rng = np.random.default_rng(seed)
    label = data.labels["melting point"]
    rows = rng.permutation(np.flatnonzero(label.labelled))
    cut = round(0.6 * len(rows))
    features = data.views[view]
    if lifted:
        features = FeatureMap.fit(features, n_random=400, rng=rng)(features)
    return r2(features, label.values, rows[:cut], rows[cut:])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=60)
    parser.add_argument("--data-dir")
    given = parser.parse_args()
    seeds = range(FIRST_SEED, FIRST_SEED + given.draws)
    cases = {name: [simulated(*settings, seed) for seed in seeds] for name, *settings in SIMULATED}
    if datasets.place("elements", folder=given.data_dir) != "to fetch":
        data = datasets.load("elements", folder=given.data_dir)
        circular = data.labels["melting point"].circular_for
        for view in sorted(set(data.views) - set(circular)):
            for lifted in (False, True):
                name = f"elements, {view}{', lifted' if lifted else ''}"
                cases[name] = [elements(view, lifted, data, seed) for seed in seeds]
    print("| R², mean | within the labels | and a tenth more | without limits | first − last |")
    print("|---|---|---|---|---|")
    for name, found in cases.items():
        table = np.array(found)
        gained = table[:, 0] - table[:, -1]
        error = gained.std(ddof=1) / np.sqrt(len(gained))
        means = " | ".join(f"{mean:.3f}" for mean in table.mean(axis=0))
        print(f"| {name} | {means} | {gained.mean():+.3f} (s.e. {error:.3f}) |")


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
