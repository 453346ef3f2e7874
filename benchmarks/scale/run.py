"""How time and memory grow with the data: every case in a fresh process, ratios within one run.

    python benchmarks/scale/run.py --scale ci       counts reads and compares peaks; under 40 s
    python benchmarks/scale/run.py --scale small    every case, small; some minutes
    python benchmarks/scale/run.py --scale paper --folder DIR --baseline OLD --write
        up to 2,000,000 rows: 20 GB of disk and hours; fills docs/scale.md and draws its figure

A *scatter* is the time of one float64 ``Z.T @ Z`` of the stacked input by as many threads as what
it is compared with; the runs of a case take turns. Records are kept in --out, a file a case, and an
interrupted run goes on where it stopped. OLD is a folder that holds ``src`` of another commit,
``git archive COMMIT src | tar -x -C OLD``.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

from cases import CASES, SCALES, Case, Run
from children import machine, measured
from tables import goals_table, lengths_table, machine_lines, write_tables

Record = dict[str, Any]
ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scale", choices=("ci", *SCALES), default="small")
    parser.add_argument("--only", action="append", default=[], choices=[c.name for c in CASES])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where data are made once and kept")
    parser.add_argument("--out", type=Path, default=Path("build/scale"))
    parser.add_argument("--baseline", type=Path, help="a folder with src of an older commit")
    parser.add_argument("--again", action="store_true", help="measure again what is kept")
    parser.add_argument("--table", action="store_true", help="only print what is kept")
    parser.add_argument("--write", action="store_true", help="fill docs/scale.md, draw its figure")
    given = parser.parse_args()
    if given.scale == "ci":
        from counting import check

        return check()
    folder = given.folder or Path(tempfile.gettempdir()) / "crossphase-scale"
    out = given.out / given.scale
    out.mkdir(parents=True, exist_ok=True)
    for case in CASES if not given.table else ():
        if not given.only or case.name in given.only:
            measure(case, given.scale, out, folder, given)
    results = {c.name: r for c in CASES if (r := _read(out / f"{c.name}.json"))}
    print(goals_table(given.scale, results, given.only), "\n")
    if not given.only or "series" in given.only:
        print(lengths_table(given.scale, results), "\n")
    print(machine_lines(results))
    if given.write:
        from picture import save_picture

        figure = "figures/scale-lengths.png"
        drawn = save_picture(ROOT / "docs" / figure, given.scale, results)
        write_tables(ROOT / "docs/scale.md", given.scale, results, figure if drawn else None)
    return 0


def measure(case: Case, scale: str, out: Path, folder: Path, given: argparse.Namespace) -> None:
    """Let the runs of a case take turns, and keep every record as it comes."""
    path = out / f"{case.name}.json"
    kept = {} if given.again else _read(path)
    now = machine()
    result: Record = {"machine": now, "specs": {}, "records": {}}
    runs = case.runs(scale)
    for run in runs:
        same = kept.get("specs", {}).get(run.name) == run.spec
        result["specs"][run.name] = run.spec
        # What could not be measured then may be possible now.
        earlier = kept["records"][run.name] if same else []
        result["records"][run.name] = [record for record in earlier if "seconds" in record]
    if any(result["records"].values()):
        result["machine"] = kept["machine"]
    for repeat in range(given.repeats):
        for run in runs:
            records = result["records"][run.name]
            if len(records) > repeat or any("skipped" in record for record in records):
                continue
            start = time.perf_counter()
            records.append({**_once(run, folder, given.baseline), "commit": now["commit"]})
            print(_told(case, run, repeat, records[-1], time.perf_counter() - start), flush=True)
            _write(path, result)
    _write(path, result)


def _once(run: Run, folder: Path, baseline: Path | None) -> Record:
    source = None
    if run.baseline:
        if baseline is None:
            return {"skipped": "no --baseline was given"}
        source = (baseline / "src").resolve()
        if not source.is_dir():
            return {"skipped": f"{source} is no folder"}
    return measured(run.spec, folder, threads=run.threads, source=source)


def _told(case: Case, run: Run, repeat: int, record: Record, whole: float) -> str:
    what = f"{case.name}: {run.name}, repeat {repeat + 1}"
    if "seconds" not in record:
        return f"{what}: skipped, {record['skipped']}"
    memory = f"peak {record['peak'] / 1e6:,.0f} MB, own {record['anon'] / 1e6:,.0f} MB"
    return f"{what}: {record['seconds']:.2f} s, {memory} ({whole:.0f} s in all)"


def _read(path: Path) -> Record:
    return json.loads(path.read_text()) if path.exists() else {}


def _write(path: Path, result: Record) -> None:
    """Whole or not at all: an interruption must not leave half a file."""
    beside = path.with_suffix(".part")
    beside.write_text(json.dumps(result, indent=1) + "\n")
    beside.replace(path)


if __name__ == "__main__":
    raise SystemExit(main())
