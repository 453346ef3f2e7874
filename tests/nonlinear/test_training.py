"""The trainer: best weights, seeds, resuming, refusals, modules of the user's own."""

from __future__ import annotations

import csv
import json
from dataclasses import replace

import numpy as np
import pytest

from crossphase.errors import InputError

torch = pytest.importorskip("torch", reason="PyTorch is not installed: crossphase[torch]")
pytest.importorskip("lightning", reason="Lightning is not installed: crossphase[torch]")

from crossphase.nonlinear.config import TrainingConfig  # noqa: E402
from crossphase.nonlinear.loading import RowBatches  # noqa: E402
from crossphase.nonlinear.networks import SelfAlign  # noqa: E402
from crossphase.nonlinear.saved import load_codes, save_codes  # noqa: E402
from crossphase.nonlinear.train import train  # noqa: E402

SMALL = TrainingConfig(code_dim=4, width=16, epochs=4, batch_size=32)


@pytest.fixture(scope="module")
def views():
    rng = np.random.default_rng(0)
    s = rng.normal(size=(240, 2))
    x = np.hstack([s, rng.normal(size=(240, 3)), np.full((240, 1), 7.0)])
    return x, s @ rng.normal(size=(2, 4)) + 0.1 * rng.normal(size=(240, 4))


def test_same_seed_same_codes_and_the_global_state_is_left_alone(views):
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    first, again = train(*views, SMALL), train(*views, SMALL)
    other = train(*views, replace(SMALL, seed=1))
    assert np.array_equal(first.encode("x", views[0]), again.encode("x", views[0]))
    assert not np.allclose(first.encode("x", views[0]), other.encode("x", views[0]))
    assert torch.equal(before, torch.random.get_rng_state())


def test_the_weights_kept_are_those_of_the_lowest_validation_loss(views):
    # Small codes of few rows soon overfit: the last epoch is not the best one.
    config = replace(SMALL, objective="autoencode x", learning_rate=0.3, epochs=12, corruption=0.0)
    made = train(*views, config)
    assert made.trained.best_epoch < made.trained.epochs
    order = np.random.default_rng(config.seed).permutation(240)
    held_out = torch.tensor(made.scalers["x"](views[0])[np.sort(order[:36])])
    with torch.no_grad():
        again = made.trained.network.loss((held_out, held_out, held_out))
    assert float(again) == pytest.approx(made.trained.best_loss, rel=1e-5)


def test_training_ends_when_the_loss_no_longer_falls(views):
    config = replace(SMALL, objective="predict x->y", learning_rate=1e-9, patience=2, epochs=30)
    noise = np.random.default_rng(1).normal(size=(240, 4))
    assert train(views[0], noise, config).trained.epochs < 30


class _StoppedError(RuntimeError):
    pass


# Under autoencoding, what is hidden is drawn too: a resumed run has to draw the same.
@pytest.mark.parametrize("objective", ["align", "autoencode x"])
def test_a_stopped_run_goes_on_as_if_it_had_not_been_stopped(views, tmp_path, objective):
    config = replace(SMALL, objective=objective)
    whole = train(*views, config, folder=tmp_path / "whole")

    def stop(stage, fraction):
        if fraction >= 0.5:
            raise _StoppedError

    with pytest.raises(_StoppedError):
        train(*views, config, folder=tmp_path / "run", progress=stop)
    seen = []
    resumed = train(*views, config, folder=tmp_path / "run", progress=lambda s, f: seen.append(f))
    assert seen[0] == 0.5
    assert np.allclose(resumed.encode("x", views[0]), whole.encode("x", views[0]), atol=1e-6)
    logs = [json.loads((tmp_path / run / "log.json").read_text()) for run in ("whole", "run")]
    for epochs in zip(*(log["epochs"] for log in logs), strict=True):
        told = [{k: v for k, v in epoch.items() if k != "seconds"} for epoch in epochs]
        assert told[0] == pytest.approx(told[1])
    # A run that ended is read back, not trained again.
    seen.clear()
    ended = train(*views, config, folder=tmp_path / "run", progress=lambda s, f: seen.append(f))
    assert not seen
    assert np.allclose(ended.encode("x", views[0]), resumed.encode("x", views[0]))
    with pytest.raises(InputError, match="other settings or rows"):
        train(*views, replace(config, seed=3), folder=tmp_path / "run")
    with pytest.raises(InputError, match="other settings or rows"):
        train(views[0] + views[1][:, :1], views[1], config, folder=tmp_path / "run")


def test_a_run_that_ended_early_is_not_taken_up_again(views, tmp_path):
    config = replace(SMALL, objective="predict x->y", learning_rate=1e-9, patience=2, epochs=30)
    noise = np.random.default_rng(1).normal(size=(240, 4))
    first = train(views[0], noise, config, folder=tmp_path)
    again = train(views[0], noise, config, folder=tmp_path)
    assert first.trained.epochs == again.trained.epochs < 30
    assert first.trained.best_loss == again.trained.best_loss


def test_the_log_tells_losses_and_the_temperature_learnt(views, tmp_path):
    config = replace(SMALL, alignment="infonce", learning_rate=1e-2)
    train(*views, config, folder=tmp_path / "learnt")
    with (tmp_path / "learnt" / "log.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2", "3", "4"]
    assert float(rows[0]["temperature"]) != float(rows[-1]["temperature"])
    losses = [float(row["training_loss"]) for row in rows]
    assert losses[-1] < losses[0]
    made = train(*views, replace(config, temperature=0.2), folder=tmp_path / "fixed")
    assert not any("log_scale" in name for name in made.trained.network.state_dict())
    assert "temperature" not in (tmp_path / "fixed" / "log.csv").read_text()


@pytest.mark.parametrize("precision", ["bf16-mixed", "64-true"])
def test_other_precisions(views, precision):
    plain = train(*views, SMALL).trained.best_loss
    made = train(*views, replace(SMALL, precision=precision))
    assert made.trained.best_loss == pytest.approx(plain, rel=0.05)
    assert np.isfinite(made.encode("x", views[0])).all()


def test_devices_that_are_not_there(views):
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    with pytest.raises(InputError, match="accelerator='gpu'"):
        train(*views, replace(SMALL, accelerator="gpu"))
    with pytest.raises(InputError, match="devices=40 for 6 batches"):
        train(*views, replace(SMALL, accelerator="cpu", devices=40))


@pytest.mark.slow
def test_two_processes_train_one_network(views, tmp_path):
    config = replace(SMALL, objective="predict x->y", accelerator="cpu", devices=2, epochs=8)
    made = train(*views, config, folder=tmp_path)
    again = train(*views, config)
    assert np.allclose(made.encode("x", views[0]), again.encode("x", views[0]), atol=1e-6)
    # Two batches a step: about as far as half as many steps of batches twice as large.
    alone = train(*views, replace(config, devices=1, batch_size=64))
    assert made.trained.best_loss == pytest.approx(alone.trained.best_loss, rel=0.1)
    assert json.loads((tmp_path / "log.json").read_text())["finished"]


def test_codes_see_none_of_the_rows_left_out(views):
    x, y = views
    rows = np.arange(160)
    made = train(x, y, SMALL, rows=rows)
    loud = x.copy()
    loud[160:] *= 1e3
    same = train(loud, y, SMALL, rows=rows)
    assert np.array_equal(made.encode("x", x[:160]), same.encode("x", x[:160]))


def test_units_do_not_matter(views):
    x, y = views
    made, scaled = train(x, y, SMALL), train(1e4 * x + 3, y, SMALL)
    assert np.allclose(made.encode("x", x), scaled.encode("x", 1e4 * x + 3), atol=1e-3)


@pytest.mark.parametrize(
    ("objective", "encoded"),
    [
        ("align", ("x", "y")),
        ("joint", ("x", "y")),
        ("predict x->y", ("x",)),
        ("predict y->x", ("y",)),
        ("autoencode y", ("y",)),
        ("self-align x", ("x",)),
    ],
)
def test_every_objective_has_the_encoders_it_trains(views, objective, encoded):
    made = train(*views, replace(SMALL, objective=objective, epochs=1))
    assert made.views == encoded
    missing = {"x", "y"} - set(encoded)
    for view in missing:
        with pytest.raises(InputError, match=f"no encoder of {view}"):
            made.encode(view, views[0])


def test_a_linear_code_of_noisy_copies_is_the_leading_principal_subspace():
    """Between x + e and x + e' the canonical correlations are λ / (λ + σ²), λ the variances."""
    rng = np.random.default_rng(3)
    factors = rng.normal(size=(2000, 2)) @ rng.normal(size=(2, 8))
    x = factors + 0.6 * rng.normal(size=(2000, 8))
    config = TrainingConfig(
        "self-align x", alignment="deep-cca", precision="64-true", code_dim=2, depth=0,
        epochs=15, batch_size=200, learning_rate=3e-2, patience=15,
    )  # fmt: skip
    made = train(x, rng.normal(size=(2000, 1)), config)
    code = made.encode("x", x)
    standardised = (x - x.mean(axis=0)) / x.std(axis=0)
    leading = np.linalg.svd(standardised, full_matrices=False)[0][:, :2]
    code -= code.mean(axis=0)
    cosines = np.linalg.svd(leading.T @ np.linalg.qr(code)[0])[1]
    assert cosines.min() > 0.99


def test_copies_for_self_alignment_are_as_noisy_as_asked():
    rows = torch.full((4000, 3), 2.0)
    module = SelfAlign(replace(SMALL, noise=0.25), torch.nn.Identity(), view="x")
    torch.manual_seed(0)
    first, second = module._copy(rows), module._copy(rows)
    assert float((first - rows).std()) == pytest.approx(0.25, rel=0.03)
    assert abs(float(torch.corrcoef(torch.stack([first.ravel(), second.ravel()]))[0, 1])) < 0.04
    tokens = torch.ones((4000, 3), dtype=torch.int64)
    hidden = SelfAlign(replace(SMALL, corruption=0.3), torch.nn.Identity(), view="x")._copy(tokens)
    assert hidden.dtype == torch.int64
    assert float((hidden == 0).double().mean()) == pytest.approx(0.3, abs=0.02)
    with pytest.raises(InputError, match="noise=-1"):
        replace(SMALL, noise=-1)


@pytest.mark.parametrize(
    ("device", "changes", "fused"),
    [
        ("cpu", {}, True),
        ("cuda", {"weight_decay": 0.1}, True),
        ("mps", {}, False),
        ("xla", {"weight_decay": 0.1}, False),
        ("cpu", {"gradient_clip": 1.0}, False),
    ],
)
def test_the_optimizer_is_fused_where_it_can_be(monkeypatch, device, changes, fused):
    monkeypatch.setattr(SelfAlign, "device", torch.device(device))
    network = SelfAlign(replace(SMALL, **changes), torch.nn.Linear(3, 4), view="x")
    assert network.configure_optimizers().defaults["fused"] is fused


@pytest.mark.parametrize("alignment", ["vicreg", "infonce", "siglip", "barlow-twins", "deep-cca"])
def test_every_alignment_lets_a_probe_find_the_shared_signal(views, alignment):
    x, y = views
    config = replace(SMALL, alignment=alignment, epochs=30, learning_rate=1e-2, patience=30)
    made = train(x, y, config)
    code = np.hstack([np.ones((240, 1)), made.encode("x", x)])
    residual = x[:, :2] - code @ np.linalg.lstsq(code, x[:, :2], rcond=None)[0]
    assert 1 - residual.var() / x[:, :2].var() > 0.8


def test_a_projector_stands_between_codes_and_loss(views):
    made = train(*views, replace(SMALL, projection_dim=3, epochs=1))
    outputs = [made.trained.network.alignment.project_x(torch.zeros(1, 4)).shape[1]]
    assert outputs == [3]
    assert made.encode("x", views[0]).shape == (240, 4)


def test_supervised_training_needs_labels_and_uses_them(views):
    x, y = views
    config = replace(SMALL, objective="supervise x", epochs=40, learning_rate=1e-2, patience=40)
    with pytest.raises(InputError, match="needs labels"):
        train(x, y, config)
    classes = (x[:, :1] > 0).astype(float)
    made = train(x, y, config, labels=classes, n_classes=2)
    assert made.trained.best_loss < 0.35  # chance is ln 2 = 0.69
    assert ((made.answer(x, y).argmax(axis=1) == classes[:, 0]).mean()) > 0.85
    values = train(x, y, config, labels=x[:, :2])
    assert values.trained.best_loss < 0.2  # chance is 1
    both = train(x, y, replace(config, objective="supervise both"), labels=x[:, :2])
    assert both.views == ("x", "y")
    assert np.abs(both.answer(x, y) - x[:, :2]).mean() < 0.4
    with pytest.raises(InputError, match="learns no labels"):
        train(x, y, replace(SMALL, epochs=1)).answer(x, y)


def test_balanced_classes_weigh_the_same(views):
    y = views[1]
    rare = np.zeros((240, 1))
    rare[:24] = 1
    config = replace(SMALL, objective="supervise x", epochs=15, learning_rate=1e-2, patience=15)
    noise = np.random.default_rng(0).normal(size=(240, 5))
    plain, even = (
        train(noise, y, replace(config, balanced=b), labels=rare, n_classes=2).answer(noise, y)
        for b in (False, True)
    )
    chosen = [(answer.argmax(axis=1) == 1).mean() for answer in (plain, even)]
    assert chosen[0] < 0.1 < chosen[1]


@pytest.fixture(scope="module")
def captions():
    """Images with a bright half, and tokens that name it; the third of four tokens is noise."""
    rng = np.random.default_rng(0)
    side = rng.integers(0, 2, size=96)
    images = rng.integers(0, 60, size=(96, 20, 24), dtype=np.uint8)
    images[side == 0, :, :12] += 180
    images[side == 1, :, 12:] += 180
    noise = rng.integers(1, 9, size=96)
    tokens = np.stack([1 + side, 3 + side, noise, np.zeros(96, dtype=int)], axis=1)
    return images, tokens, side


TEXT = TrainingConfig(
    "predict x->y", code_dim=6, width=16, epochs=32, patience=32, batch_size=16, learning_rate=1e-2
)


@pytest.mark.slow
def test_images_foretell_tokens_with_the_modules_of_their_kinds(captions):
    images, tokens, side = captions
    made = train(images, tokens, TEXT, y_kind="tokens")
    # The noise costs a third of ln 8 = 2.08 whatever is learnt, the names nothing.
    assert 0.6 < made.trained.best_loss < 1.05  # 1.16 with the names unknown
    code = made.encode("x", images)
    axis = code[side == 1].mean(axis=0) - code[side == 0].mean(axis=0)
    score = code @ axis
    assert ((score > np.median(score)) == side).mean() > 0.85


@pytest.mark.parametrize("objective", ["align", "joint", "predict y->x", "autoencode y"])
def test_tokens_under_every_objective(captions, tmp_path, objective):
    images, tokens, _ = captions
    config = replace(TEXT, objective=objective, epochs=1)
    made = train(images, tokens, config, y_kind="tokens")
    code = made.encode("y", tokens)
    assert code.shape == (96, 6)
    assert np.allclose(made.encode("y", tokens[:, :3]), code, atol=1e-4)  # padding says nothing
    save_codes(made, tmp_path / "model.pt")
    assert np.allclose(load_codes(tmp_path / "model.pt").encode("y", tokens), code)
    with pytest.raises(InputError, match="tokens below 10"):
        made.encode("y", tokens + 1)


def test_images_of_any_form_and_unit_are_the_same_images(captions):
    images, tokens, _ = captions
    config = replace(TEXT, objective="autoencode x", epochs=1)
    square = np.repeat(np.repeat(images[:, :16, :16], 4, axis=1), 4, axis=2)  # 64 x 64
    made = train(square, tokens.astype(float), config)
    last = train(square[..., None], tokens.astype(float), config)
    assert np.array_equal(made.encode("x", square), last.encode("x", square[..., None]))
    # Sums that single precision holds exactly: training would amplify what it rounds.
    raised, plain = (train(square + t, tokens.astype(float), config) for t in (256.0, 0.0))
    apart = raised.encode("x", square + 256.0) - plain.encode("x", square + 0.0)
    assert np.abs(apart).max() < 1e-3


@pytest.mark.parametrize(
    ("values", "kind", "message"),
    [
        (np.zeros((20, 3, 4)), "tokens", "tokens have two dimensions"),
        (np.zeros((20, 3)), "tokens", "whole numbers"),
        (-np.ones((20, 3), dtype=int), "tokens", "the token -1"),
        (np.zeros((20, 3)), "images", "images are"),
        (np.zeros((20, 7, 9, 9)), "auto", "1 to 4 channels"),
        (np.zeros((2, 2, 2, 2, 2)), "auto", "give vectors"),
        (np.zeros((20, 3)), "sounds", "x_kind='sounds'"),
        (np.full((20, 9, 9), np.nan), "auto", "not finite"),
    ],
)
def test_views_that_are_not_of_their_kind(values, kind, message):
    with pytest.raises(InputError, match=message):
        train(values, np.zeros((len(values), 2)), SMALL, x_kind=kind)


@pytest.mark.parametrize("objective", ["align", "predict y->x"])
def test_what_is_saved_encodes_as_before(views, tmp_path, objective):
    made = train(*views, replace(SMALL, objective=objective))
    save_codes(made, tmp_path / "model.pt")
    read = load_codes(tmp_path / "model.pt")
    assert read.views == made.views
    assert np.array_equal(read.encode("y", views[1]), made.encode("y", views[1]))
    assert (read.trained.best_epoch, read.trained.epochs) == (
        made.trained.best_epoch,
        made.trained.epochs,
    )
    with pytest.raises(InputError, match="vectors of 3 features"):
        read.encode("y", views[1][:, :3])


def test_modules_of_ones_own_are_saved_and_read(views, tmp_path):
    def module():
        return torch.nn.Sequential(torch.nn.Linear(6, 4), torch.nn.Tanh())

    made = train(*views, replace(SMALL, objective="predict x->y"), encoder_x=module())
    save_codes(made, tmp_path / "model.pt")
    read = load_codes(tmp_path / "model.pt", encoder_x=module())
    assert np.array_equal(read.encode("x", views[0]), made.encode("x", views[0]))
    with pytest.raises(InputError, match="give encoder_x="):
        load_codes(tmp_path / "model.pt")
    (tmp_path / "other.pt").write_bytes(b"nothing")
    with pytest.raises(InputError, match="cannot be read"):
        load_codes(tmp_path / "other.pt")


def test_batches_follow_seed_and_epoch_alone():
    batches = RowBatches(100, 32, seed=1)
    first = list(batches)
    assert [len(batch) for batch in first] == [32, 32, 32]  # 4 rows are too few for a batch
    assert list(batches) == first
    batches.set_epoch(1)
    assert list(batches) != first
    in_order = [row for batch in RowBatches(100, 32, seed=None) for row in batch]
    assert in_order == list(range(100))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"objective": "dance"}, "objective='dance'"),
        ({"alignment": "clip"}, "alignment='clip'"),
        ({"epochs": 0}, "epochs=0"),
        ({"batch_size": 2.5}, "batch_size=2.5"),
        ({"validation_share": 1.5}, "validation_share=1.5"),
        ({"gradient_clip": -1.0}, "gradient_clip=-1.0"),
        ({"temperature": 0.0}, "temperature=0.0"),
    ],
)
def test_settings_out_of_range(change, message):
    with pytest.raises(InputError, match=message):
        replace(SMALL, **change)


def test_data_that_cannot_be_trained_on(views):
    x, y = views
    with pytest.raises(InputError, match="240 rows of x and 10 of y"):
        train(x, y[:10], SMALL)
    with pytest.raises(InputError, match="too few"):
        train(x[:6], y[:6], SMALL)
    with pytest.raises(InputError, match="not finite"):
        train(x, np.where(y == y[3], np.nan, y), replace(SMALL, objective="predict x->y"))
