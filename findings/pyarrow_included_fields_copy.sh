#!/usr/bin/env bash
# Expectation: choosing columns of a memory-mapped, uncompressed Arrow IPC file with
#   IpcReadOptions(included_fields=[0]) is zero-copy, as reading all of its columns is.
# Behaviour: with included_fields the batch is copied into newly allocated memory; without,
#   batches point into the map and nothing is allocated. Selecting from the whole batch is cheaper.
# Version: pyarrow 26.0.1. Source: https://arrow.apache.org/docs/python/ipc.html ("zero-copy" reads).
# Output seen: "all columns: 0 bytes allocated; included_fields=[0]: 800000 bytes allocated"
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install --quiet 'pyarrow==26.0.1' 'numpy==2.3.5'
"$place/venv/bin/python" - "$place/x.arrow" <<'PY'
import sys

import numpy as np
import pyarrow as pa

path = sys.argv[1]
table = pa.table({"a": np.arange(50_000.0), "b": np.arange(50_000.0)})
with pa.ipc.new_file(path, table.schema) as writer:
    writer.write_table(table)


def allocated(fields):
    before = pa.total_allocated_bytes()
    options = pa.ipc.IpcReadOptions(included_fields=fields)
    batch = pa.ipc.open_file(pa.memory_map(path), options=options).get_batch(0)
    return pa.total_allocated_bytes() - before, batch.num_rows


whole, chosen = allocated([])[0], allocated([0])[0]
print(f"all columns: {whole} bytes allocated; included_fields=[0]: {chosen} bytes allocated")
sys.exit(0 if whole == 0 and chosen >= 400_000 else 1)
PY
