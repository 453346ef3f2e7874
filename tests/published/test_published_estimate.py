"""The published estimator against a plain row-space implementation, invariances, bad input."""

import dataclasses
import math

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.model_selection import PredefinedSplit, cross_val_predict

from crossphase.config import Settings
from crossphase.diagnosis.published import estimate_published
from crossphase.diagnosis.published_parts import published_diagnosis_parts
from crossphase.diagnosis.published_readoffs import PublishedDecomposition, read_off
from crossphase.errors import InputError
from crossphase.theory.regimes import Objective, Regime

DECOMPOSITIONS = ("svd_x", "svd_y", "pls", "cca", "cp_direct", "cp_direct_yx")


def spiked(n=240, dx=12, dy=9, *, seed=0, nuisance=0.5, scale_y=1.0):
    """Two shared signals, one pair of correlated nuisances, labels that mix the signals."""
    rng = np.random.default_rng(seed)
    signal = rng.normal(size=(n, 2)) * [2.0, 1.5]
    common = rng.normal(size=(n, 1))
    x, y = rng.normal(size=(n, dx)), rng.normal(size=(n, dy))
    x[:, :2] = signal + 0.5 * x[:, :2]
    y[:, :2] = signal + 0.5 * y[:, :2]
    x[:, 2:3] = nuisance * common + math.sqrt(1 - nuisance**2) * x[:, 2:3]
    y[:, 2:3] = nuisance * common + math.sqrt(1 - nuisance**2) * y[:, 2:3]
    y[:, 2:] *= scale_y
    bases = [np.linalg.qr(rng.normal(size=(d, d)))[0] for d in (dx, dy)]
    labels = signal @ rng.normal(size=(2, 3)) + 0.3 * rng.normal(size=(n, 3))
    return x @ bases[0], y @ bases[1], labels


def in_row_space(x, y, labels, n_folds):
    """Values and R² by scores of length n; every decomposition by its own definition."""
    n = len(x)
    x, y, labels = (block - block.mean(axis=0) for block in (x, y, labels))

    def inverse_root(z):
        values, vectors = np.linalg.eigh(z.T @ z / n + 1e-6 * np.eye(z.shape[1]))
        return vectors @ np.diag(np.maximum(values, 1e-12) ** -0.5) @ vectors.T

    fold_of_row = np.empty(n, dtype=int)
    for number, rows in enumerate(
        np.array_split(np.random.RandomState(42).permutation(n), n_folds)
    ):
        fold_of_row[rows] = number
    total = sum(
        ((part - part.mean(axis=0)) ** 2).sum(axis=0)
        for part in (labels[fold_of_row == number] for number in range(n_folds))
    )

    def r2(*scores):
        out = []
        for pair in zip(*(s.T for s in scores), strict=True):
            predicted = cross_val_predict(
                Ridge(alpha=1.0), np.column_stack(pair), labels, cv=PredefinedSplit(fold_of_row)
            )
            out.append(np.maximum(1 - ((labels - predicted) ** 2).sum(axis=0) / total, 0.0))
        return np.array(out)

    def svd(matrix):
        left, values, right = np.linalg.svd(matrix, full_matrices=False)
        return left, values, right.T

    found = {}
    for name, z in (("svd_x", x), ("svd_y", y)):
        left, values, _ = svd(z)
        found[name] = values, r2(left * values)
    left, values, right = svd(x.T @ y / n)
    found["pls"] = values, r2(x @ left, y @ right)
    root_x, root_y = inverse_root(x), inverse_root(y)
    left, values, right = svd(root_x @ x.T @ y @ root_y / n)
    found["cca"] = np.clip(values, 0, 1), r2(x @ root_x @ left, y @ root_y @ right)
    _, values, right = svd(y.T @ x @ root_x / n)
    found["cp_direct"] = values, r2(x @ root_x @ right)
    _, values, right = svd(x.T @ y @ root_y / n)
    found["cp_direct_yx"] = values, r2(y @ root_y @ right)
    return found


def graded(seed=0):
    """Singular values over eight orders of magnitude, beyond what a Gram matrix resolves."""
    x, y, labels = spiked(seed=seed)
    left, values, right = np.linalg.svd(x, full_matrices=False)
    return left * (values * np.logspace(0, -8, 12)) @ right, y, labels


def shifted(seed=0):
    x, y, labels = spiked(seed=seed)
    return x + 1e6, y - 3e5, labels + 1e6


def one_hot(seed=0):
    x, y, labels = spiked(seed=seed)
    return x, y, np.eye(3)[np.argmax(labels, axis=1)]


@pytest.mark.parametrize("n_folds", [3, 5])
@pytest.mark.parametrize("data", [spiked, graded, shifted, one_hot])
def test_against_row_space(data, n_folds):
    x, y, labels = data()
    estimate = estimate_published(x, y, labels, n_folds=n_folds, n_permutations=2)
    # Data at an offset of 1e6 carry ten digits.
    tolerance = {"rtol": 1e-6, "atol": 1e-8 if data is shifted else 1e-9}
    for name, (values, r2) in in_row_space(x, y, labels, n_folds).items():
        found = getattr(estimate, name)
        np.testing.assert_allclose(found.values, values, err_msg=name, **tolerance)
        np.testing.assert_allclose(found.r2, r2, err_msg=name, **tolerance)


def test_more_features_than_rows():
    x, y, labels = spiked(n=30, dx=50, dy=45)
    estimate = estimate_published(x, y, labels, n_components=48)
    reference = in_row_space(x, y, labels, 5)
    assert [len(getattr(estimate, name).values) for name in DECOMPOSITIONS] == [29, 29, *[45] * 4]
    for name in DECOMPOSITIONS:
        found, (values, _) = getattr(estimate, name), reference[name]
        k = min(len(found.values), len(values))
        np.testing.assert_allclose(found.values[:k], values[:k], rtol=1e-6, atol=1e-9)
        assert not found.values[k:].any()
        assert found.r2.shape == (len(found.values), 3)
    for name in ("svd_x", "svd_y", "pls"):
        _, r2 = reference[name]
        np.testing.assert_allclose(getattr(estimate, name).r2[:29], r2[:29], rtol=1e-6, atol=1e-9)


def test_constant_and_duplicated_columns():
    x, y, labels = spiked()
    wide = np.column_stack([x, x[:, 0], np.full(len(x), 1e6), x[:, 3]])
    reference = in_row_space(wide, y, labels, 5)
    estimate = estimate_published(wide, y, labels)
    for name in DECOMPOSITIONS:
        found, (values, r2) = getattr(estimate, name), reference[name]
        np.testing.assert_allclose(found.values, values, rtol=1e-6, atol=1e-9, err_msg=name)
        np.testing.assert_allclose(found.r2, r2, rtol=1e-6, atol=1e-9, err_msg=name)
    assert (estimate.svd_x.values[-3:] < 1e-9).all()


def same(a, b, names=DECOMPOSITIONS):
    for name in names:
        left, right = getattr(a, name), getattr(b, name)
        np.testing.assert_allclose(left.values, right.values, rtol=1e-8, atol=1e-10)
        np.testing.assert_allclose(left.r2, right.r2, rtol=1e-8, atol=1e-10)
        for classifier, mask in left.signal.items():
            np.testing.assert_array_equal(mask, right.signal[classifier])


class TestInvariance:
    x, y, labels = spiked(seed=4)
    base = estimate_published(x, y, labels)

    def test_offset_and_scale_of_labels(self):
        same(self.base, estimate_published(self.x, self.y, 7.0 - 3.0 * self.labels))

    def test_rotation_of_features(self):
        rng = np.random.default_rng(0)
        qx, qy = (np.linalg.qr(rng.normal(size=(d, d)))[0] for d in (12, 9))
        same(self.base, estimate_published(self.x @ qx, -self.y @ qy, self.labels))

    def test_swap_of_modalities(self):
        swapped = estimate_published(self.y, self.x, self.labels)
        same(self.base, swapped, ("cca", "pls"))
        same(
            dataclasses.replace(self.base, cp_direct=self.base.cp_direct_yx),
            swapped,
            ("cp_direct",),
        )

    def test_order_of_label_columns(self):
        other = estimate_published(self.x, self.y, self.labels[:, ::-1])
        np.testing.assert_allclose(self.base.cca.r2, other.cca.r2[:, ::-1], rtol=1e-9, atol=1e-12)

    def test_order_of_rows_changes_folds_but_not_spectra(self):
        rows = np.random.default_rng(1).permutation(len(self.x))
        other = estimate_published(self.x[rows], self.y[rows], self.labels[rows])
        np.testing.assert_allclose(self.base.cca.values, other.cca.values, rtol=1e-9)
        assert np.abs(self.base.cca.r2 - other.cca.r2).max() > 1e-6

    def test_fewer_components_are_the_leading_ones(self):
        few = estimate_published(self.x, self.y, self.labels, n_components=4)
        for name in DECOMPOSITIONS:
            found = getattr(few, name)
            np.testing.assert_array_equal(found.values, getattr(self.base, name).values[:4])
            np.testing.assert_allclose(found.r2, getattr(self.base, name).r2[:4], atol=1e-12)

    def test_one_dimensional_targets(self):
        column = estimate_published(self.x, self.y, self.labels[:, :1])
        same(column, estimate_published(self.x, self.y, self.labels[:, 0]))

    def test_input_is_not_changed(self):
        x, y, labels = (block.copy() for block in (self.x, self.y, self.labels))
        estimate_published(x, y, labels)
        for before, after in ((x, self.x), (y, self.y), (labels, self.labels)):
            np.testing.assert_array_equal(before, after)


def decomposition(values, signal):
    mask = np.array(signal, dtype=bool)
    return PublishedDecomposition(np.array(values), mask[:, None] * 0.5, {"elbow": mask})


def test_read_off_formulas():
    found = read_off(
        decomposition([30.0, 20.0, 10.0, 5.0], [1, 0, 1, 0]),
        decomposition([40.0, 30.0, 20.0], [1, 0, 0]),
        decomposition([4.0, 2.0, 1.0], [1, 1, 0]),
        decomposition([0.9, 0.8, 0.6, 0.4, 0.2], [1, 0, 1, 0, 0]),
        decomposition([2.0, 1.5, 0.5], [1, 0, 0]),
        classifier="elbow",
        n_rows=100,
    )
    kappa2, gx, gy, nu, tilde_y = 3.0, 5.0 - 3.0, 16.0 - 3.0, 0.4, 6.5
    assert found.kappa_hat == pytest.approx(math.sqrt(3))
    assert (found.gamma_x_hat, found.gamma_y_hat) == pytest.approx((gx, gy))
    assert (found.gamma_tilde_x_hat, found.gamma_tilde_y_hat) == pytest.approx((2.125, tilde_y))
    assert found.nu_hat == nu
    assert (found.q_x, found.q_y) == pytest.approx((1000 / 1300, 1.0))
    assert (found.floor_ca, found.floor_cp) == (0.8, 1.5)
    assert (found.recovery_ca, found.recovery_cp) == (1, 1)
    assert found.delta_ca_direct == pytest.approx(0.75)
    assert found.delta_cp_direct == pytest.approx(4 / 3)
    rho = kappa2 / math.sqrt((kappa2 + gx) * (kappa2 + gy))
    tau = kappa2 / math.sqrt(kappa2 + gx)
    assert found.delta_ca_composite == pytest.approx(rho / nu)
    assert found.delta_cp_composite == pytest.approx(tau / (nu * math.sqrt(tilde_y)))
    assert found.regime_primary is Regime.CP_ONLY
    assert found.regime_secondary is Regime.CP_ONLY


def test_read_off_without_nuisance_or_signal():
    every = decomposition([2.0, 1.0], [1, 1])
    none = decomposition([2.0, 1.0], [0, 0])
    found = read_off(*[every] * 5, classifier="elbow", n_rows=10)
    assert found.delta_ca_direct == found.delta_cp_composite == math.inf
    assert found.floor_ca == -math.inf
    assert (found.nu_hat, found.recovery_ca) == (0.0, 2)
    assert found.regime_primary is Regime.BOTH
    found = read_off(*[none] * 5, classifier="elbow", n_rows=10)
    assert found.delta_ca_direct == found.delta_cp_composite == found.q_x == found.kappa_hat == 0.0
    # Fewer than three nuisance correlations: the largest.
    assert found.nu_hat == 2.0
    assert found.regime_secondary is Regime.NEITHER


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize(
    ("nuisance", "scale_y", "regime"),
    [
        (0.3, 1.0, Regime.BOTH),
        (0.5, 10.0, Regime.CA_ONLY),
        (0.97, 1.0, Regime.CP_ONLY),
        (0.97, 10.0, Regime.NEITHER),
    ],
)
def test_population_regime_from_a_large_sample(seed, nuisance, scale_y, regime):
    x, y, labels = spiked(6000, seed=seed, nuisance=nuisance, scale_y=scale_y)
    # The composite ratios use the second largest nuisance, and there is only one here.
    found = estimate_published(x, y, labels).readoffs["elbow"]
    assert found.regime_primary is regime


class TestParts:
    x, y, labels = spiked(2000, nuisance=0.97, seed=2)

    @pytest.mark.parametrize("classifier", ["elbow", "elbow_log", "permutation"])
    def test_agree_with_the_estimate(self, classifier):
        estimate = estimate_published(self.x, self.y, self.labels)
        parts = published_diagnosis_parts(estimate, Settings(classifier=classifier, level=0.9))
        readoffs = estimate.readoffs[classifier]
        assert parts.regime is readoffs.regime_primary
        assert parts.alignment.delta == readoffs.delta_ca_direct
        assert parts.prediction_xy.delta == readoffs.delta_cp_direct
        assert parts.alignment.recovery == readoffs.recovery_ca
        assert sum(parts.probabilities.values()) == 1.0
        assert parts.probabilities[str(parts.regime)] == 1.0
        for separation, objective in (
            (parts.alignment, Objective.ALIGN),
            (parts.prediction_xy, Objective.PREDICT_XY),
            (parts.prediction_yx, Objective.PREDICT_YX),
        ):
            assert separation.objective is objective
            assert separation.delta == pytest.approx(
                separation.signal.min() / separation.nuisance.max()
            )
            assert separation.interval.lower == separation.interval.upper == separation.delta
            assert separation.interval.level == 0.9
            assert separation.probability == float(separation.delta > 1)
            rank = 1 + np.flatnonzero(separation.is_signal).max()
            assert separation.required_dim == rank
            assert separation.required_dim_interval == (rank, rank)
        assert np.exp(parts.log_delta_draws[0]) == pytest.approx(
            [s.delta for s in (parts.alignment, parts.prediction_xy, parts.prediction_yx)]
        )
        (finding,) = parts.findings
        assert finding.code == "published-no-uncertainty"
        assert "2000 labelled pairs with 12 + 9 features" in finding.finding

    def test_swapped_modalities_swap_the_directions(self):
        forward, backward = (
            published_diagnosis_parts(estimate_published(a, b, self.labels), Settings())
            for a, b in ((self.x, self.y), (self.y, self.x))
        )
        assert forward.prediction_yx.delta == pytest.approx(backward.prediction_xy.delta)
        assert forward.probabilities_yx == backward.probabilities

    def test_no_signal_stays_finite(self):
        rng = np.random.default_rng(0)
        noise = rng.normal(size=(200, 1))
        estimate = estimate_published(self.x[:200], self.y[:200], noise)
        parts = published_diagnosis_parts(estimate, Settings())
        assert np.isfinite(parts.log_delta_draws).all()
        assert parts.log_delta_draws.shape == (1, 3)

    def test_more_features_than_rows_is_said(self):
        estimate = estimate_published(self.x[:20], self.y[:20], self.labels[:20])
        (finding,) = published_diagnosis_parts(estimate, Settings()).findings
        assert "near 1 whether related or not" in finding.finding


GOOD = np.random.default_rng(0).normal(size=(20, 3))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"x": GOOD[:19]}, "unequal numbers of rows"),
        ({"targets": GOOD[:5]}, "unequal numbers of rows"),
        ({"x": GOOD[:, 0]}, "x is 1-dimensional"),
        ({"y": GOOD[:, :0]}, "y is empty"),
        ({"x": np.where(GOOD[3, 1] == GOOD, np.nan, GOOD)}, "x has 1 NaN .* row 3, column 1"),
        ({"targets": np.where(GOOD[0, 0] == GOOD, np.inf, GOOD)}, "targets has 1 infinite"),
        ({"x": GOOD.astype(str)}, "x holds text"),
        ({"targets": np.array(["a", "b"] * 10)}, "targets holds text"),
        ({"y": GOOD + 1j}, "y holds complex"),
        ({"targets": np.ones(20)}, "every row of targets is the same"),
        ({"n_components": 0}, "n_components=0: give at least 1"),
        ({"n_permutations": 0}, "n_permutations=0: give at least 1"),
        ({"n_folds": 1}, "n_folds=1 with 20 rows"),
        ({"n_folds": 21}, "n_folds=21 with 20 rows"),
    ],
)
def test_bad_input(changes, message):
    arguments = {"x": GOOD, "y": GOOD, "targets": GOOD, **changes}
    blocks = [arguments.pop(name) for name in ("x", "y", "targets")]
    with pytest.raises(InputError, match=message):
        estimate_published(*blocks, **arguments)
