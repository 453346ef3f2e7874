#!/usr/bin/env bash
# mudata: rows of mdata["protein"] are not those of mdata, until a slice that selects everything.
#
# Expected:  a MuData is "the same cells, several modalities": row i of mdata["rna"].X,
#            mdata["protein"].X and mdata.obs is one cell; or, if it is not, mdata[:] changes nothing.
# Behaviour: every modality keeps the row order it was made with, also after a round trip through
#            .h5mu, so that rows of two modalities with equally many cells pair different cells. Any
#            slice, even [:], brings the modalities into the order of the whole.
# Versions:  mudata 0.3.10, anndata 0.12.19, Python 3.11
# Source:    mudata/_core/mudata.py, MuData._init_as_view, which takes rows of modalities through obsmap
#            https://mudata.readthedocs.io/stable/notebooks/axes.html
# Output seen:
#   whole    a b c d
#   protein  d b a c   the same after writing and reading
#   of [:]   a b c d
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    'mudata==0.3.10' 'anndata==0.12.19'

cat > "$folder/order.py" <<'PY'
import sys
import warnings

warnings.simplefilter("ignore")
import anndata
import mudata
import numpy as np
import pandas as pd


def cells(names: str) -> anndata.AnnData:
    values = np.array([[float(ord(name))] for name in names])
    return anndata.AnnData(values, obs=pd.DataFrame(index=list(names)))


data = mudata.MuData({"rna": cells("abcd"), "protein": cells("dbac")})
data.write(sys.argv[1])
read = mudata.read_h5mu(sys.argv[1])
print("whole   ", *data.obs_names)
print("protein ", *data["protein"].obs_names, "  the same after writing and reading")
print("of [:]  ", *data[:]["protein"].obs_names)
assert list(data.obs_names) == list("abcd")
assert list(data["protein"].obs_names) == list(read["protein"].obs_names) == list("dbac"), "changed"
assert (data["protein"].X != data["rna"].X).sum() == 3, "changed"
assert list(data[:]["protein"].obs_names) == list("abcd"), "changed"
PY

"$folder/venv/bin/python" "$folder/order.py" "$folder/cells.h5mu"
