#!/usr/bin/env bash
# datasets: a selection saved by version 1.5 is loaded by version 5.2 as the whole, without a word.
#
# Expected:  load_from_disk gives the rows that were saved, in their order; or refuses a folder whose
#            state.json has entries that it does not know.
# Behaviour: in 2021 (see below), save_to_disk of a dataset that was selected, shuffled, split or filtered wrote
#            the whole table and, beside it, the chosen rows (indices.arrow, named in state.json by
#            "_indices_data_files"). Later versions, which write the chosen rows themselves, no longer
#            look at that entry: a split comes back with the rows of the others in it, a shuffled
#            dataset in the order before. Nothing is raised or warned of.
# Versions:  written by datasets 1.5.0, read by datasets 5.2.0, Python 3.11
# Source:    datasets/arrow_dataset.py of 5.2.0, Dataset.load_from_disk, which reads "_data_files" only
#            https://github.com/huggingface/datasets/pull/3196 (selections are written out since)
# Output seen:
#   1.5.0 saved  [4, 2, 0]
#   1.5.0 loads  [4, 2, 0]
#   5.2.0 loads  [0, 1, 2, 3, 4, 5]
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export HF_HOME="$folder/cache" HF_HUB_OFFLINE=1 HF_DATASETS_OFFLINE=1
for version in old new; do
    python3 -m venv "$folder/$version"
done
"$folder/old/bin/pip" install --quiet --disable-pip-version-check \
    'datasets==1.5.0' 'pyarrow==10.0.1' 'numpy==1.26.4' 'pandas==2.0.3' 'dill==0.3.5.1' \
    'multiprocess==0.70.13' 'fsspec==2021.10.0' 'setuptools==65.5.0'
"$folder/new/bin/pip" install --quiet --disable-pip-version-check 'datasets==5.2.0'

cat > "$folder/write.py" <<'PY'
import sys

import datasets

chosen = datasets.Dataset.from_dict({"n": list(range(6))}).select([4, 2, 0])
chosen.save_to_disk(sys.argv[1])
print(datasets.__version__, "saved ", chosen["n"])
PY
cat > "$folder/read.py" <<'PY'
import sys
import warnings

import datasets

warnings.simplefilter("error", UserWarning)
print(datasets.__version__, "loads ", list(datasets.load_from_disk(sys.argv[1])["n"]))
PY

saved=$("$folder/old/bin/python" -W ignore "$folder/write.py" "$folder/data" 2>/dev/null)
old=$("$folder/old/bin/python" -W ignore "$folder/read.py" "$folder/data" 2>/dev/null)
new=$("$folder/new/bin/python" "$folder/read.py" "$folder/data")
printf '%s\n' "$saved" "$old" "$new"
[[ "$saved" == *"[4, 2, 0]" && "$old" == *"[4, 2, 0]" ]]
if [[ "$new" != *"[0, 1, 2, 3, 4, 5]" ]]; then
    echo "the behaviour has changed: the selection is heeded, or the folder refused"
    exit 1
fi
