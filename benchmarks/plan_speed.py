"""What a plan costs, beside an older commit: the same diagnoses, turn and turn about.

    python benchmarks/plan_speed.py --against 6b6e037                a minute or two of one core
    python benchmarks/plan_speed.py --against 6b6e037 --replicates 4

Undetermined problems of benchmarks/plan_check.py are diagnosed once and kept as JSON. Each is then
planned by the source tree at hand and by that of the commit, in one process each; what is compared
is processor time, without imports.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

import crossphase as xp
from plan_check import FAMILIES, FIRST, REGIMES, first_diagnosis

ROOT = Path(__file__).resolve().parents[1]
#: Plans for each path that it reads, and writes the seconds of processor time of each.
PLANNER = """
import sys, time
import crossphase as xp
from crossphase.planning import plan
for line in sys.stdin:
    d = xp.Diagnosis.from_json(line.strip())
    start = time.process_time()
    plan(d)
    print(time.process_time() - start, flush=True)
"""


def source_at(commit: str, folder: Path) -> Path:
    """The package as it was at a commit."""
    packed = subprocess.run(
        ["git", "archive", commit, "src"], cwd=ROOT, check=True, capture_output=True
    ).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(folder, filter="data")
    return folder / "src"


def planner(source: Path) -> subprocess.Popen[str]:
    environment = os.environ | {"PYTHONPATH": str(source), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-c", PLANNER],
        env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def seconds(process: subprocess.Popen[str], path: Path) -> float:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{path}\n")
    process.stdin.flush()
    return float(process.stdout.readline())


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--against", required=True, metavar="COMMIT")
    parser.add_argument("--replicates", type=int, default=1)
    parser.add_argument("--first", type=int, default=FIRST, help="number of the first replicate")
    parser.add_argument("--json", help="write the seconds of each plan here")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as kept:
        folder = Path(kept)
        paths, components = [], []
        for replicate in range(given.first, given.first + given.replicates):
            for family in FAMILIES:
                for regime in REGIMES:
                    with threadpool_limits(1):
                        _, d, _ = first_diagnosis(family, regime, replicate, near=False)
                    if d.regime is xp.Regime.UNDETERMINED and d.fit is not None:
                        paths.append(folder / f"{len(paths)}.json")
                        d.to_json(paths[-1])
                        components.append(d.fit.n_components)
        old = planner(source_at(given.against, folder / "old"))
        new = planner(ROOT / "src")
        took = np.array([[seconds(old, path), seconds(new, path)] for path in paths])
        for process in (old, new):
            process.communicate()
    few = np.array(components) <= 5
    print(f"{len(paths)} plans, processor time in seconds, median (largest)\n")
    print(f"| shared components | plans | {given.against} | now | quotient, median (range) |")
    print("|---|---|---|---|---|")
    for name, rows in (("up to 5", few), ("6 and more", ~few), ("all", few | ~few)):
        if not rows.any():
            continue
        before, now = took[rows].T
        ratio = before / now
        print(
            f"| {name} | {rows.sum()} | {np.median(before):.1f} ({before.max():.1f}) "
            f"| {np.median(now):.1f} ({now.max():.1f}) "
            f"| {np.median(ratio):.1f} ({ratio.min():.1f} to {ratio.max():.1f}) |"
        )
    if given.json:
        Path(given.json).write_text(json.dumps(took.tolist()))


if __name__ == "__main__":
    main()
