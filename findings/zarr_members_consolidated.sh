#!/usr/bin/env bash
# zarr-python: Group.members(use_consolidated_for_children=False) uses their consolidated metadata.
#
# Expectation: the parameter is documented as "whether to use the consolidated metadata of child
#   groups loaded from the store". With False, an array that was added to a group after the group's
#   metadata were consolidated is a member, as it is when that group is opened by itself with
#   use_consolidated=False.
# Behaviour: Group.members takes the parameter and does not pass it on; only AsyncGroup.members
#   heeds it. In format 3, where a child group can have consolidated metadata of its own, arrays
#   added since are silently left out of the walk, although the root was opened with
#   use_consolidated=False.
# Version: zarr 3.1.6 (the newest for Python 3.11).
# Source: https://zarr.readthedocs.io/en/stable/api/zarr/group/, Group.members; the parameter came
#   with https://github.com/zarr-developers/zarr-python/pull/2980.
# Output seen:
#   asked not to use it: ['a', 'a/early']
#   group opened alone:  ['early', 'late']
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check 'zarr==3.1.6'

cat > walk.py <<'PY'
import warnings

import numpy as np
import zarr

warnings.simplefilter("ignore")
root = zarr.open_group("s.zarr", mode="w", zarr_format=3)
root.create_array("a/early", data=np.ones((3, 2)))
zarr.consolidate_metadata("s.zarr", path="a")
zarr.open_group("s.zarr", mode="a", use_consolidated=False).create_array("a/late", data=np.ones(3))

root = zarr.open_group("s.zarr", mode="r", use_consolidated=False)
walked = sorted(n for n, _ in root.members(max_depth=None, use_consolidated_for_children=False))
group = zarr.open_group("s.zarr", mode="r", path="a", use_consolidated=False)
alone = sorted(name for name, _ in group.members())
print("asked not to use it:", walked)
print("group opened alone: ", alone)
assert walked == ["a", "a/early"] and alone == ["early", "late"], "the behaviour changed"
PY
venv/bin/python walk.py
