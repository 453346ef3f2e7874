"""Pack the UCI Multiple Features tables into the archive that crossphase bundles.

Usage: python tools/pack_digits_views.py FOLDER

FOLDER holds mfeat-fou, mfeat-fac, mfeat-kar, mfeat-pix, mfeat-zer and mfeat-mor, either as UCI
publishes them (white space, no header, no suffix, digits in blocks of 200) or as .csv with a
header line and the digit in the last column.

The published decimals are packed without loss: every value is an integer divided by a power of
ten, and both are small. Integer over power of ten, both exact in float64, is the correctly
rounded decimal, so unpacking returns the very floats that reading the text gives. Packing reads
the archive back and compares.
"""

from __future__ import annotations

import argparse
import sys
from decimal import Decimal
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from crossphase.datasets.digits import ARCHIVE, VIEWS, unpack

ROWS, CLASSES = 2000, 10


def read_view(folder: Path, stem: str) -> tuple[list[list[str]], NDArray[np.uint8]]:
    """Decimal strings of shape (2000, d), and the digit of each row."""
    table = folder / f"{stem}.csv"
    if table.exists():
        rows = [line.split(",") for line in table.read_text().splitlines()[1:]]
        digits = np.array([int(float(row[-1])) for row in rows], dtype=np.uint8)
        return [row[:-1] for row in rows], digits
    rows = [line.split() for line in (folder / stem).read_text().splitlines()]
    return rows, np.repeat(np.arange(CLASSES, dtype=np.uint8), ROWS // CLASSES)


def smallest(values: NDArray[np.int64]) -> NDArray[np.signedinteger | np.unsignedinteger]:
    """The same integers in the narrowest type that holds them."""
    return values.astype(
        np.promote_types(
            np.min_scalar_type(int(values.min())), np.min_scalar_type(int(values.max()))
        )
    )


def main() -> None:
    """Read the six tables, write the archive, check it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    packed: dict[str, NDArray[np.generic]] = {}
    published: dict[str, NDArray[np.float64]] = {}
    digits: NDArray[np.uint8] | None = None
    for name, (stem, width, _) in VIEWS.items():
        text, own_digits = read_view(folder, stem)
        if digits is not None and not np.array_equal(digits, own_digits):
            raise SystemExit(f"{stem}: digits are in another order than in the other tables")
        digits = own_digits
        published[name] = np.array(text, dtype=np.float64)
        if published[name].shape != (ROWS, width):
            raise SystemExit(f"{stem}: shape {published[name].shape}, wanted {(ROWS, width)}")
        triples = [[Decimal(value).normalize().as_tuple() for value in row] for row in text]
        places = np.array([[max(-int(t.exponent), 0) for t in row] for row in triples])
        scaled = [[int(Decimal(v).scaleb(int(p))) for v, p in zip(row, row_places, strict=True)]
                  for row, row_places in zip(text, places, strict=True)]  # fmt: skip
        # Stored feature by feature: neighbours are then alike and compress better.
        packed[f"{name}.integers"] = smallest(np.array(scaled, dtype=np.int64)).T.copy()
        packed[f"{name}.places"] = places.astype(np.uint8).T.copy()
    assert digits is not None
    packed["digits"] = digits
    ARCHIVE.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(ARCHIVE, **packed)
    views, back = unpack()
    for name, values in published.items():
        if not np.array_equal(views[name], values):
            raise SystemExit(f"{name}: the packed values differ from the published ones")
    if not np.array_equal(back, digits):
        raise SystemExit("digits: the packed values differ from the published ones")
    size = ARCHIVE.stat().st_size / 1e6
    sys.stdout.write(f"{ARCHIVE.name}: {size:.2f} MB, equal to the published tables\n")


if __name__ == "__main__":
    main()
