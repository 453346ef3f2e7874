"""Leave-one-out R² against scikit-learn's, and no heavy import on the way to a verdict."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from sklearn.linear_model import RidgeCV

from crossphase.attribution.visibility import _PENALTIES, leave_one_out_r2


@pytest.mark.parametrize(("n", "p", "q"), [(300, 5, 1), (50, 49, 3), (40, 120, 2), (12, 1, 1)])
def test_leave_one_out_is_that_of_ridge_regression(n, p, q):
    rng = np.random.default_rng(n)
    features = rng.normal(size=(n, p)) + 3.0
    targets = features[:, :1] + rng.normal(size=(n, q))
    baseline = ((targets - targets.mean(axis=0)) ** 2).mean() * (n / (n - 1)) ** 2
    score = np.mean(RidgeCV(alphas=_PENALTIES).fit(features, targets).best_score_)
    assert leave_one_out_r2(features, targets) == pytest.approx(1 + score / baseline, abs=1e-9)


def test_the_way_to_a_verdict_imports_no_more_than_it_needs():
    code = "import sys, crossphase.diagnosis, crossphase.io; print('\\n'.join(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"sklearn", "scipy.stats", "pandas", "pyarrow", "matplotlib", "jinja2", "rich", "typer"}
    assert not heavy & set(run.stdout.split())
