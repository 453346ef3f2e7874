"""The whole outlook: what it finds, what it must not see, and when it abstains."""

import numpy as np
import pytest

from crossphase.config import Settings
from crossphase.data import LabelColumn
from crossphase.outlook import compute_outlook, held_out, representations
from crossphase.outlook.intervals import BootstrapWeights, interval, losses, scores
from crossphase.outlook.plan import make_plan
from crossphase.outlook.probe import Task
from crossphase.outlook.sampling import sampling_p_value

QUICK = Settings(lift_features=30, n_draws=200)


def problem(rng, n=600, noise_x=1.0, loud=0.0, dx=24):
    """Two signal coordinates that x sees dimly among `dx` and y sees clearly."""
    signal = rng.normal(size=(n, 2))
    nuisance = rng.normal(size=(n, 3))
    x = noise_x * rng.normal(size=(n, dx))
    x[:, :2] += signal
    y = 0.3 * rng.normal(size=(n, 6))
    y[:, :2] += signal
    x[:, 2:5] += loud * nuisance
    y[:, 2:5] += loud * nuisance
    return x, y, signal.sum(axis=1)


def run(x, y, *columns, labelled, settings=QUICK, groups=None, seed=0):
    return compute_outlook(
        x,
        y,
        columns,
        labelled=labelled,
        groups=groups,
        settings=settings,
        rng=np.random.default_rng(seed),
    )


def rows_of(outlook, kind="linear"):
    return {(r.representation, r.view): r for r in outlook.rows if r.kind == kind}


def continuous(values, name="target"):
    return LabelColumn(name, "continuous", np.asarray(values, dtype=float))


def classes(numbers, name="class"):
    return LabelColumn(name, "classes", numbers, tuple(str(k) for k in range(numbers.max() + 1)))


def test_pairing_helps_the_dim_modality_and_not_the_clear_one(rng):
    x, y, target = problem(rng, n=1500, dx=48)
    outlook = run(x, y, continuous(target), labelled=np.arange(60))
    rows = rows_of(outlook)
    assert rows["align", "x"].helps
    assert rows["predict x->y", "x"].helps
    assert rows["align", "y"].gain < 0.02
    # 2 signals of variance 1 seen through noise of variance 1: R² is at most 1/2.
    assert 0.3 < rows["align", "x"].score < 0.6
    assert rows["raw", "y"].score > 0.8


def test_sixteen_rows_in_a_fixed_order_with_baselines_of_their_own_view_and_kind(rng):
    x, y, target = problem(rng)
    outlook = run(x, y, continuous(target), labelled=np.arange(80))
    assert [row.kind for row in outlook.rows] == ["linear"] * 8 + ["lifted"] * 8
    assert outlook.draws.shape == (16, 200)
    for row, draws in zip(outlook.rows, outlook.draws, strict=True):
        base = rows_of(outlook, row.kind)["raw", row.view]
        assert row.baseline == f"raw {row.view}"
        assert row.gain == pytest.approx(row.score - base.score)
        at = outlook.rows.index(base)
        expected = interval(draws - outlook.draws[at], 0.95)
        assert row.gain_interval == expected


def test_alignment_with_a_loud_nuisance_harms_at_a_small_dimension(rng):
    x, y, target = problem(rng, n=2000, noise_x=0.3, loud=5.0, dx=8)
    settings = Settings(lift_features=10, latent_dim=3, n_draws=200)
    rows = rows_of(run(x, y, continuous(target), labelled=np.arange(200), settings=settings))
    assert rows["align", "x"].harms
    assert rows["align", "x"].dim == 3


def test_labels_of_noise_give_no_score(rng):
    x, y, _ = problem(rng)
    noise = rng.normal(size=len(x))
    outlook = run(x, y, continuous(noise), labelled=np.arange(100))
    assert all(row.interval.lower < 0.02 for row in outlook.rows)
    chance = run(x, y, classes(rng.integers(0, 4, len(x))), labelled=np.arange(200))
    assert np.allclose(chance.chance, 0.25)
    assert all(row.interval.lower < 0.30 and row.score < 0.36 for row in chance.rows)


def test_held_out_rows_do_not_leak_through_wide_codes(rng):
    # With d close to n, a row that takes part in the fit tells its x code what its y is:
    # codes fitted on all rows would "predict" a label that only y's noise carries.
    n, d = 120, 80
    x, y = rng.normal(size=(n, d)), rng.normal(size=(n, d))
    target = y[:, 0]
    outlook = run(x, y, continuous(target), labelled=np.arange(n))
    assert all(row.score < 0.15 for row in outlook.rows if row.view == "x")


def test_unlabelled_values_of_labels_are_never_read(rng):
    x, y, target = problem(rng)
    labelled = np.arange(0, 600, 5)
    hidden = np.where(np.isin(np.arange(600), labelled), target, np.nan)
    a = run(x, y, continuous(target), labelled=labelled)
    b = run(x, y, continuous(hidden), labelled=labelled)
    assert a.rows == b.rows


@pytest.mark.parametrize("n_labelled", [100, 600])
def test_same_seed_same_outlook(rng, n_labelled):
    x, y, target = problem(rng)
    first, second, other = (
        run(x, y, continuous(target), labelled=np.arange(n_labelled), seed=seed)
        for seed in (1, 1, 2)
    )
    assert first.rows == second.rows
    assert first.rows != other.rows


def test_mirror_image_when_the_modalities_swap(rng):
    x, y, target = problem(rng, n=1000)
    settings = Settings(lift_features=1, latent_dim=2, n_draws=200)
    plain = rows_of(run(x, y, continuous(target), labelled=np.arange(150), settings=settings))
    swapped = rows_of(run(y, x, continuous(target), labelled=np.arange(150), settings=settings))
    pairs = {
        ("raw", "x"): ("raw", "y"),
        ("align", "x"): ("align", "y"),
        ("predict x->y", "x"): ("predict y->x", "y"),
    }
    # Labels are imputed from random features, too, which are others after the swap.
    for key, mirror in pairs.items():
        assert plain[key].score == pytest.approx(swapped[mirror].score, abs=0.02)
    every = Settings(lift_features=1, latent_dim=2, n_draws=200)
    plain, swapped = (
        rows_of(run(a, b, continuous(target), labelled=np.arange(1000), settings=every))
        for a, b in ((x, y), (y, x))
    )
    for key, mirror in pairs.items():
        assert plain[key].score == pytest.approx(swapped[mirror].score, abs=0.005)


def test_linear_rows_do_not_depend_on_units(rng):
    x, y, target = problem(rng)
    scaled = x * np.logspace(-4, 4, x.shape[1]) + 1e3
    a = rows_of(run(x, y, continuous(target), labelled=np.arange(100)))
    b = rows_of(run(scaled, y, continuous(5 * target - 3), labelled=np.arange(100)))
    for key, row in a.items():
        assert row.score == pytest.approx(b[key].score, abs=1e-6)


def test_few_rows_and_many_features_give_wide_intervals(rng):
    x, y = rng.normal(size=(40, 120)), rng.normal(size=(40, 21))
    numbers = np.arange(40) % 5
    y[:, :2] += 2.0 * rng.normal(size=(5, 2))[numbers]
    outlook = run(x, y, classes(numbers), labelled=np.arange(40))
    rows = rows_of(outlook)
    assert all(np.isfinite(row.score) for row in outlook.rows)
    width = rows["align", "y"].gain_interval
    assert width.upper - width.lower > 0.1


def test_perfect_rows_still_get_an_interval(rng):
    numbers = np.arange(60) % 2
    x = rng.normal(size=(60, 3)) + 50.0 * numbers[:, None]
    outlook = run(x, x[:, :2].copy(), classes(numbers), labelled=np.arange(60))
    row = rows_of(outlook)["align", "x"]
    assert row.score == 1.0
    assert row.interval.lower < 0.99
    assert row.interval.upper == 1.0


def test_groups_stay_on_one_side(rng):
    n = 400
    groups = np.arange(n) % 12
    x, y, _ = problem(rng, n=n)
    plan = make_plan(n, [continuous(np.zeros(n))], np.arange(0, n, 2), groups, 5, rng)
    for folds in plan.folds:
        assert all(len(set(folds[groups == g])) == 1 for g in range(12))
    # The label is a batch effect: within batches it is known, across batches it is not.
    batch = rng.normal(size=12)[groups]
    x = x + 3.0 * rng.normal(size=(12, x.shape[1]))[groups]
    labelled = np.arange(200)
    leaky = rows_of(run(x, y, continuous(batch), labelled=labelled))
    honest = rows_of(run(x, y, continuous(batch), labelled=labelled, groups=groups))
    assert leaky["raw", "x"].score > 0.9
    assert honest["raw", "x"].score < 0.5


def test_codes_see_no_labelled_row_when_labels_are_few_and_no_held_out_one_otherwise(
    rng, monkeypatch
):
    x, y, target = problem(rng, n=400)
    seen = []
    fit = representations.fit_codes

    def spy(moments, dim, **ridge):
        seen.append(moments.count)
        return fit(moments, dim, **ridge)

    monkeypatch.setattr(representations, "fit_codes", spy)
    run(x, y, continuous(target), labelled=np.arange(100))
    # Of 300 unlabelled rows each turn does without the third that it scores. Linear codes; lifted
    # ones of three sets of random features, and these without a part that tells correlations.
    assert seen[:3] == [200] * 3
    assert seen[3::2] == [200] * 3
    assert all(140 < count < 180 for count in seen[4::2])
    seen.clear()
    run(x, y, continuous(target), labelled=np.arange(350))
    # A fifth of labelled and of unlabelled rows is held out.
    assert seen[:5] == [400 - 70 - 10] * 5
    assert seen[5::2] == [400 - 70 - 10] * 5
    assert all(count < 400 - 70 - 10 for count in seen[6::2])


@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("n_labelled", [100, 300])
def test_no_code_is_fitted_on_the_unlabelled_rows_it_scores(rng, n_labelled, grouped):
    n = 600
    groups = np.arange(n) % 40 if grouped else None
    labelled = np.sort(rng.permutation(n)[:n_labelled])
    plan = make_plan(n, [continuous(np.zeros(n))], labelled, groups, 5, rng)
    reached = n if groups is None else int(np.isin(groups, groups[labelled]).sum())
    assert len(plan.scored) == reached - n_labelled
    assert not np.intersect1d(plan.scored, labelled).size
    for split in plan.splits():
        scored = plan.scored[plan.scored_by(split)]
        assert len(scored) > 0
        if grouped:
            inside = labelled[plan.folds[split[0]][labelled] != split[1]]
            assert not np.intersect1d(groups[scored], groups[inside]).size
    every = [plan.scored_by(split) for split in plan.splits()]
    assert set(np.concatenate(every)) == set(range(reached - n_labelled))


def test_linear_codes_are_fitted_on_the_rows_that_their_turn_does_not_score(rng, monkeypatch):
    x, y, target = problem(rng, n=400)
    labelled, labels = np.arange(100), continuous(target)
    fitted = []
    fit = representations.fit_codes

    def spy(moments, dim, **options):
        fitted.append(moments.mean_of("x"))
        return fit(moments, dim, **options)

    monkeypatch.setattr(representations, "fit_codes", spy)
    run(x, y, labels, labelled=labelled, seed=3)
    plan = make_plan(400, [labels], labelled, None, QUICK.n_folds, np.random.default_rng(3))
    z = (x - x.mean(axis=0)) / x.std(axis=0)
    for turn in range(3):
        rows = np.setdiff1d(np.arange(100, 400), plan.scored[plan.turns == turn])
        np.testing.assert_allclose(fitted[turn], z[rows].mean(axis=0), atol=1e-12)


@pytest.mark.parametrize("n_folds", [2, 3])
def test_noise_has_no_score_however_few_the_splits(rng, n_folds):
    # Two splits are fewer than turns: all unlabelled rows have to be scored all the same.
    x, y = rng.normal(size=(2000, 4)), rng.normal(size=(2000, 4))
    settings = Settings(lift_features=5, n_draws=50, n_folds=n_folds)
    target = continuous(y[:, :2].sum(axis=1))
    outlook = run(x, y, target, labelled=np.arange(400), settings=settings)
    assert all(abs(row.score) < 0.05 for row in outlook.rows if row.view == "x")


@pytest.mark.parametrize("seed", range(40, 60))
def test_a_few_rows_in_all(rng, seed):
    x, y = rng.normal(size=(40, 3)), rng.normal(size=(40, 3))
    settings = Settings(lift_features=1, n_draws=50)
    found = run(x, y, continuous(x[:, 0]), labelled=np.arange(10), settings=settings, seed=seed)
    assert np.isfinite(found.draws).all()


def test_rows_that_differ_from_the_labelled_ones_are_not_scored(rng):
    x, y, target = problem(rng, n=600)
    bright = np.argsort(-target)[:100]
    # Among these the relation is another: what unlabelled rows say is beside the point.
    found = run(x, y, continuous(target), labelled=np.sort(bright))
    assert [finding.code for finding in found.findings] == ["outlook-labels-not-random"]
    random = run(x, y, continuous(target), labelled=np.arange(100))
    assert random.findings == ()
    x[bright] = rng.permutation(x[bright])
    shuffled = run(x, y, continuous(target), labelled=np.sort(bright))
    assert all(row.score < 0.1 for row in shuffled.rows if row.view == "x")


def test_random_labels_seldom_look_chosen():
    p_values = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        x, y = rng.standard_t(3, size=(300, 4)), rng.normal(size=(300, 3))
        p_values.append(sampling_p_value(x, y, np.arange(60), rng))
    assert np.mean(np.array(p_values) < 0.1) < 0.15


def test_constant_features_say_nothing_of_sampling(rng):
    assert sampling_p_value(np.ones((50, 2)), np.zeros((50, 3)), np.arange(20), rng) == 1.0
    assert sampling_p_value(np.ones((50, 2)), np.zeros((50, 3)), np.arange(50), rng) == 1.0


def test_classes_of_groups_that_are_held_out_together_have_no_outlook(rng):
    x, y, _ = problem(rng, n=200)
    groups = np.arange(200) // 100
    numbers = np.where(groups == 0, np.arange(200) % 2, 2 + np.arange(200))
    labelled = np.r_[np.arange(60), np.arange(100, 130)]
    found = run(x, y, classes(numbers), labelled=labelled, groups=groups)
    assert found.rows == ()
    assert [finding.code for finding in found.findings][-2:] == [
        "outlook-label-in-few-groups",
        "no-outlook",
    ]


def test_labels_of_both_kinds_give_rows_of_both_metrics(rng):
    x, y, target = problem(rng)
    outlook = run(
        x,
        y,
        continuous(target),
        continuous(rng.normal(size=600), "noise"),
        classes((target > 0).astype(int)),
        labelled=np.arange(100),
    )
    assert [row.metric for row in outlook.rows] == ["r2"] * 16 + ["balanced accuracy"] * 16
    assert np.allclose(outlook.chance, [0.0] * 16 + [0.5] * 16)
    clear = next(r for r in outlook.rows if (r.representation, r.view) == ("raw", "y"))
    assert 0.3 < clear.score < 0.55  # the mean of nearly 1 and nearly 0


@pytest.mark.parametrize("count", [1, 2])
def test_a_class_seen_hardly_ever_is_left_out_and_said(rng, count):
    x, y, target = problem(rng)
    numbers = (target > 0).astype(int)
    numbers[3 : 3 + count] = 2
    outlook = run(x, y, classes(numbers), labelled=np.arange(100))
    assert [f.code for f in outlook.findings] == ["outlook-rare-classes"]
    assert np.allclose(outlook.chance, 0.5)


def test_one_row_of_the_other_class_gives_no_outlook_and_says_why(rng):
    x, y, _ = problem(rng)
    outlook = run(x, y, classes(np.arange(600) == 3), labelled=np.arange(100))
    assert outlook.rows == ()
    assert [f.code for f in outlook.findings] == ["outlook-rare-classes", "no-outlook"]
    assert "fewer than two classes have 3 labelled rows" in outlook.findings[1].finding


@pytest.mark.parametrize(
    ("labelled", "groups", "text"),
    [
        (np.arange(6), None, "6 rows are labelled"),
        (np.arange(50), np.zeros(600, dtype=int), "one group"),
    ],
)
def test_too_few_labels_give_no_rows_and_a_finding(rng, labelled, groups, text):
    x, y, target = problem(rng)
    outlook = run(x, y, continuous(target), labelled=labelled, groups=groups)
    assert outlook.rows == ()
    assert outlook.findings[0].code == "no-outlook"
    assert text in outlook.findings[0].finding


def test_classes_that_are_all_seen_once_give_no_rows(rng):
    x, y, _ = problem(rng, n=30)
    outlook = run(x, y, classes(np.arange(30)), labelled=np.arange(12))
    assert outlook.rows == ()


def test_weighted_scores_against_plain_formulas(rng):
    target = rng.normal(size=(50, 2))
    guess = target + 0.5 * rng.normal(size=(50, 2))
    weights = rng.integers(1, 4, size=(1, 50)).astype(float)
    task = Task("continuous", target)
    rows = np.repeat(np.arange(50), weights[0].astype(int))
    error = ((target - guess)[rows] ** 2).sum(axis=0)
    total = ((target - target.mean(axis=0))[rows] ** 2).sum(axis=0)
    found = scores(task, losses(task, guess), weights)
    assert found[0] == pytest.approx(np.mean(1 - error / total))

    truth = rng.integers(0, 3, size=(50, 1)).astype(float)
    called = np.where(rng.random((50, 1)) < 0.3, 0.0, truth)
    task = Task("classes", truth, 3)
    found = scores(task, losses(task, called), weights)
    recall = [np.mean(called[rows][truth[rows] == k] == k) for k in range(3)]
    assert found[0] == pytest.approx(np.mean(recall))


def test_group_weights_are_shared_within_groups(rng):
    groups = np.array([5, 5, 9, 9, 9])
    weights = BootstrapWeights.of(5, 100, rng, groups) @ np.eye(5)
    assert np.array_equal(weights[:, 0], weights[:, 1])
    assert np.array_equal(weights[:, 2], weights[:, 4])
    assert not np.array_equal(weights[:, 0], weights[:, 2])


def test_weights_are_the_same_in_any_blocks_and_of_any_rows(rng, monkeypatch):
    weights = BootstrapWeights.of(7, 50, rng)
    columns = rng.normal(size=(7, 3))
    whole, each = weights @ columns, weights @ np.eye(7)
    assert np.allclose(whole, each @ columns)
    rows = np.array([4, 0, 5])
    assert np.allclose(weights.take(rows) @ columns[rows], each[:, rows] @ columns[rows])
    monkeypatch.setattr("crossphase.outlook.intervals._BLOCK_ELEMENTS", 30)
    assert np.allclose(weights @ columns, whole)


def test_lifted_predictions_keep_what_an_untrained_network_keeps_of_the_input(rng):
    # y has one feature, so a prediction learns one direction of x; the label is in the others.
    x = rng.normal(size=(800, 5))
    y = x[:, :1] + 0.1 * rng.normal(size=(800, 1))
    target = x[:, 1] + 0.1 * rng.normal(size=800)
    rows = {}
    for latent_dim in (None, 1):
        settings = Settings(lift_features=30, latent_dim=latent_dim, n_draws=200)
        outlook = run(x, y, continuous(target), labelled=np.arange(200), settings=settings)
        rows[latent_dim] = {
            kind: rows_of(outlook, kind)["predict x->y", "x"] for kind in ("linear", "lifted")
        }
    assert rows[None]["lifted"].score > 0.8
    assert rows[None]["lifted"].dim == 65
    assert rows[None]["linear"].score < 0.1
    assert rows[1]["lifted"].score < 0.1
    assert rows[1]["lifted"].dim == 1


def test_a_modality_that_varies_in_held_out_rows_only(rng):
    _, y, target = problem(rng, n=60)
    for ones in (1, 3):
        rare = np.zeros((60, 1))
        rare[:ones] = 1.0
        outlook = run(rare, y, continuous(target), labelled=np.arange(60))
        assert np.isfinite([row.score for row in outlook.rows]).all()


def test_progress_rises_and_changes_nothing(rng):
    x, y, target = problem(rng, n=120)
    labels, labelled = continuous(target), np.arange(30)
    shares = []
    arguments = {"labelled": labelled, "settings": QUICK}
    silent = compute_outlook(x, y, [labels], rng=np.random.default_rng(0), **arguments)
    told = compute_outlook(
        x, y, [labels], rng=np.random.default_rng(0), progress=shares.append, **arguments
    )
    assert silent.rows == told.rows
    assert len(shares) > 10
    assert 0.0 <= shares[0] < shares[-1] < 1.0
    assert shares == sorted(shares)


def test_folds_take_turns_with_random_features(rng, monkeypatch):
    x, y, target = problem(rng, n=400)
    fits = []
    build = held_out.build

    def spy(*arguments, **keywords):
        fits.append((keywords["n_random"], keywords.get("splits")))
        return build(*arguments, **keywords)

    monkeypatch.setattr(held_out, "build", spy)
    run(x, y, continuous(target), labelled=np.arange(100))
    assert [n for n, _ in fits] == [0, 30, 30, 30]
    parts = [set(splits) for _, splits in fits[1:]]
    # Four repeats of ten folds, each with one of three sets of random features.
    assert len(set.union(*parts)) == sum(map(len, parts)) == 40
