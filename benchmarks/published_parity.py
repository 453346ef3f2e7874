"""Parity of the published estimator with the original's numbers, one line a case.

    python benchmarks/published_parity.py

Relative differences are measured as |found - expected| / (|expected| + 1e-3), so that 1e-6 there
corresponds to a tolerance of 1e-6 relative and 1e-9 absolute.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from crossphase.diagnosis.published import PublishedEstimate, estimate_published

GOLDEN = Path(__file__).parents[1] / "tests" / "golden"
DECOMPOSITIONS = ("svd_x", "svd_y", "pls", "cca", "cp_direct")
CLASSIFIERS = ("elbow", "elbow_log", "permutation")


def difference(found: Any, expected: Any) -> float:
    return float(np.max(np.abs(found - expected) / (np.abs(expected) + 1e-3), initial=0.0))


def compare(name: str) -> str:
    with np.load(GOLDEN / f"{name}.npz") as arrays:
        golden = dict(arrays)
    readoffs = json.loads((GOLDEN / f"{name}.json").read_text())
    estimate: PublishedEstimate = estimate_published(golden["x"], golden["y"], golden["labels"])
    spectra = {each: getattr(estimate, each) for each in DECOMPOSITIONS}
    values = max(difference(s.values, golden[f"{k}__values"]) for k, s in spectra.items())
    r2 = max(difference(s.r2, golden[f"{k}__r2"]) for k, s in spectra.items())
    masks = [
        np.array_equal(spectrum.signal[classifier], golden[f"{key}__signal__{classifier}"])
        for key, spectrum in spectra.items()
        for classifier in CLASSIFIERS
    ]
    numbers, names = [], []
    for classifier in CLASSIFIERS:
        found = estimate.readoffs[classifier]
        for key, expected in readoffs[classifier].items():
            value = getattr(found, key.lower())
            if isinstance(expected, float):
                numbers.append(difference(value, expected))
            else:
                names.append(value == expected)
    return (
        f"{name:<18} {values:>9.1e} {r2:>9.1e} {max(numbers):>9.1e} "
        f"{sum(masks):>6}/{len(masks)} {sum(names):>8}/{len(names)}"
    )


def main() -> None:
    print(
        f"{'case':<18} {'values':>9} {'R2':>9} {'read-offs':>9} "
        f"{'masks':>9} {'regimes, counts':>16}"
    )
    for path in sorted(GOLDEN.glob("*.npz")):
        print(compare(path.stem))


if __name__ == "__main__":
    main()
