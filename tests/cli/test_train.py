"""``crossphase train`` and ``crossphase validate``: files written, words printed, refusals."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from crossphase.cli import main

pytest.importorskip("torch", reason="PyTorch is not installed: crossphase[torch]")
pytest.importorskip("lightning", reason="Lightning is not installed: crossphase[torch]")

QUICK = ["--epochs", "1", "--width", "8", "--code-dim", "3", "--batch-size", "32"]


@pytest.fixture
def files(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    s = rng.normal(size=(150, 1))
    np.save(tmp_path / "rna.npy", s + rng.normal(size=(150, 5)))
    np.save(tmp_path / "protein.npy", s + rng.normal(size=(150, 4)))
    labels = np.where(np.arange(150) < 80, s[:, 0], np.nan)
    np.save(tmp_path / "age.npy", labels)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_train_writes_codes_and_weights(files, capsys):
    options = ["--objective", "predict-xy", "--model", "model.pt", "--seed", "3"]
    assert main(["train", "rna.npy", "protein.npy", *options, *QUICK]) == 0
    printed = capsys.readouterr().out
    assert "Trained predict-xy for 1 epochs" in printed
    assert "x (150 × 3) to codes.npz and weights to model.pt" in printed
    with np.load("codes.npz", allow_pickle=False) as found:
        assert set(found) == {"x", "settings"}
        assert found["x"].shape == (150, 3)
        assert json.loads(str(found["settings"]))["seed"] == 3
    assert (files / "model.pt").stat().st_size > 0


def test_validate_prints_the_verdict_beside_the_outcome(files, capsys):
    given = ["validate", "rna.npy", "protein.npy", "--labels", "age.npy", "--seeds", "1"]
    assert (
        main(
            [
                *given,
                "--folder",
                "runs",
                "--json",
                "validation.json",
                "--figures",
                "pictures",
                *QUICK,
            ]
        )
        == 0
    )
    printed = " ".join(capsys.readouterr().out.split())
    assert "situations the recommended objective was best or within noise" in printed
    assert (files / "pictures" / "gains.png").stat().st_size > 0
    assert "With rna alone at hand:" in printed
    assert "scores are of 32 rows that nothing has seen" in printed
    found = json.loads((files / "validation.json").read_text())
    assert found["format"] == "crossphase-validation"
    assert [verdict["deploy"] for verdict in found["verdicts"]] == ["x", "y", "both"]
    assert (files / "runs" / "predict-x-to-y-0" / "best.ckpt").exists()
    # The runs are there: nothing is trained again, and the words are the same.
    assert main([*given, "--folder", "runs", "--quiet", *QUICK]) == 0
    assert capsys.readouterr().out.count("at hand:") == 3


def test_images_and_tokens_are_told_and_trained_on(files, capsys):
    rng = np.random.default_rng(0)
    np.save("pictures.npy", rng.integers(0, 255, size=(150, 12, 12), dtype=np.uint8))
    np.savez("captions.npz", tokens=rng.integers(0, 9, size=(150, 5)))
    given = ["captions.npz", "--y-kind", "tokens", "--objective", "predict-xy", *QUICK]
    given[given.index("8")] = "16"  # heads divide the width
    assert main(["train", "pictures.npy", *given]) == 0
    printed = capsys.readouterr()
    assert "pictures.npy: taken for images, 150 of 12 × 12." in printed.err
    assert "captions.npz: taken for tokens, 150 of 5." in printed.err
    assert "x (150 × 3)" in printed.out
    np.save("counts.npy", rng.integers(0, 9, size=(150, 5)))
    assert main(["train", "rna.npy", "counts.npy", *QUICK]) == 0
    assert "--y-kind tokens if they are tokens" in capsys.readouterr().err


def test_a_learnt_temperature_is_told(files, capsys):
    given = ["train", "rna.npy", "protein.npy", "--alignment", "infonce", *QUICK]
    assert main(given) == 0
    assert "temperature learnt to 0.1" in capsys.readouterr().out
    assert main([*given, "--temperature", "0.2"]) == 0
    assert "temperature" not in capsys.readouterr().out


@pytest.mark.slow
def test_a_killed_training_goes_on(files):
    """Killed outright from outside, not stopped by an exception within."""
    log = files / "run" / "log.csv"
    command = [sys.executable, "-m", "crossphase", "train", "rna.npy", "protein.npy"]
    command += ["--objective", "autoencode-x", "--batch-size", "8", "--epochs", "40"]
    killed = subprocess.Popen([*command, "--folder", "run"], stderr=subprocess.DEVNULL)
    while not log.exists() or log.read_text().count("\n") < 4:
        assert killed.poll() is None
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    before = log.read_text().splitlines()
    assert not (files / "codes.npz").exists()
    subprocess.run([*command, "--folder", "run"], check=True, stdout=subprocess.DEVNULL)
    # The epochs before the kill were not trained again: they took just as long.
    assert log.read_text().splitlines()[: len(before) - 1] == before[:-1]
    whole = [*command, "--folder", "whole", "--out", "whole.npz"]
    subprocess.run(whole, check=True, stdout=subprocess.DEVNULL)
    with np.load("codes.npz") as resumed, np.load("whole.npz") as uninterrupted:
        assert np.allclose(resumed["x"], uninterrupted["x"], atol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "rna.npy", "protein.npy", "--objective", "dance"], "align, predict-xy"),
        (["train", "rna.npy", "protein.npy", "--objective", "supervise x"], "supervise x: choose"),
        (["train", "rna.npy", "protein.npy", "--out", "codes.npy"], "--out codes.npy: give a name"),
        (["train", "rna.npy", "protein.npy", "--epochs", "0"], "--epochs 0: give"),
        (["train", "rna.npy", "protein.npy", "--out", "rna.npy"], "it is the input"),
        (["train", "rna.npy", "protein.npy", "--x-kind", "sounds"], "--x-kind sounds: choose"),
        (["train", "rna.npy", "protein.npy", "--y-kind", "tokens"], "whole numbers"),
        (["train", "rna.npy", "protein.npy", "--temperature", "0"], "--temperature 0.0: give"),
        (["validate", "rna.npy", "protein.npy"], "give labels"),
        (
            ["validate", "rna.npy", "protein.npy", "--labels", "age.npy", "--seeds", "0"],
            "--seeds 0: give",
        ),
    ],
)
def test_what_is_refused(files, capsys, arguments, message):
    assert main(arguments) == 2
    assert message in capsys.readouterr().err


def test_without_pytorch_it_says_how_to_get_it(files, capsys, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert main(["train", "rna.npy", "protein.npy"]) == 2
    error = capsys.readouterr().err
    assert "training needs torch" in error
    assert "pip install 'crossphase[torch]'" in error
