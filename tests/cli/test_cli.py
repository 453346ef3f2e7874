"""The command line around a handmade result: options, files, exit codes, one-line errors."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

import crossphase
import crossphase.diagnosis
from crossphase.cli import main
from crossphase.cli.app import app
from crossphase.config import Settings
from crossphase.errors import Finding, InputError, MissingExtraError
from crossphase.results import Diagnosis


@pytest.fixture
def calls(monkeypatch, diagnosis):
    """Replace the estimator; the list records what it was called with."""
    seen: list[tuple[object, dict[str, object]]] = []

    def fake(data, **choices):
        seen.append((data, choices))
        named = replace(diagnosis.data, x_name=data.x_name, y_name=data.y_name)
        return replace(diagnosis, data=named)

    monkeypatch.setattr(crossphase.diagnosis, "diagnose", fake, raising=False)
    return seen


@pytest.fixture
def files(tmp_path):
    rng = np.random.default_rng(0)
    np.save(tmp_path / "rna.npy", rng.normal(size=(60, 4)))
    np.save(tmp_path / "protein.npy", rng.normal(size=(60, 3)))
    np.save(tmp_path / "labels.npy", rng.normal(size=60))
    return tmp_path


def arguments(files, *more):
    three = [str(files / name) for name in ("rna.npy", "protein.npy", "labels.npy")]
    return ["diagnose", three[0], three[1], "--labels", three[2], *map(str, more)]


def test_verdict_on_stdout_and_exit_0(files, calls, capsys):
    assert main(arguments(files)) == 0
    out, err = capsys.readouterr()
    assert out.startswith("Predict protein from rna: probability 0.93. Aligning")
    assert "Separation" in out
    assert err == ""
    data, choices = calls[0]
    assert (data.x_name, data.y_name) == ("rna", "protein")
    assert data.x.shape == (60, 4)
    expected = {"progress": None, "settings": Settings(), "jobs": None, "scheduler": None}
    assert choices == expected


def test_every_choice_reaches_the_estimator(files, calls):
    more = ["--estimator", "published", "--deploy", "x", "--classifier", "permutation", "--seed",
            "7", "--level", "0.9", "--no-outlook", "--x-name", "RNA", "--quiet"]  # fmt: skip
    assert main(arguments(files, *more)) == 0
    data, choices = calls[0]
    assert (data.x_name, data.y_name) == ("RNA", "protein")
    assert choices["settings"] == Settings(
        estimator="published", deploy="x", classifier="permutation", seed=7, level=0.9,
        outlook=False,
    )  # fmt: skip


def test_quiet_prints_the_verdict_alone(files, calls, capsys):
    assert main(arguments(files, "--quiet")) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_files_are_written(files, calls, capsys):
    page, result = files / "r.html", files / "d.json"
    assert main(arguments(files, "--json", result, "--html", page)) == 0
    assert Diagnosis.from_json(result).data.x_name == "rna"
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert f"Wrote {result} and {page}" in capsys.readouterr().out


def test_json_on_stdout_moves_the_tables_to_stderr(files, calls, capsys):
    assert main(arguments(files, "--json", "-")) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["schema"] == "crossphase.diagnosis/1"
    assert "Separation" in err


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--json", "{}/missing/d.json"], "there is no folder"),
        (["--html", "{}"], "it is a folder"),
        (["--json", "{}/rna.npy"], "it is the input"),
        (["--html", "{}/labels.npy"], "it is the input"),
        (["--json", "{}/o", "--html", "{}/./o"], "another output goes there"),
        (["--html", "-"], "the page needs a file"),
        (["--label-kind", "ordinal"], "choose auto, continuous or classes"),
        (["--label-kind", "auto", "--label-kind", "classes"], "name the columns"),
        (["--label-kind", "a=auto", "--label-kind", "classes"], "COLUMN=KIND"),
        (["--deploy", "z"], "--deploy z: choose one of x, y, both"),
        (["--estimator", "magic"], "--estimator magic: choose one of"),
        (["--classifier", "magic"], "--classifier magic: choose one of"),
        (["--classifier", "elbow"], "only the published estimator has it"),
        (["--level", "1.5"], "--level 1.5: give a number"),
        (["--seed", "-1"], "--seed -1: give a whole number"),
        (["--x-name", "protein"], "give --x-name or --y-name"),
        (["--align", "z"], "--align z: choose"),
        (["--align", "id"], "--align position"),
        (["--nonsense"], ": see crossphase diagnose --help"),
        (["--seed", "many"], "Invalid value for '--seed'"),
    ],
)
def test_bad_options_stop_before_the_work(files, calls, capsys, more, message):
    assert main(arguments(files, *(part.format(files) for part in more))) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert calls == []
    (line,) = err.splitlines()
    assert line.startswith("crossphase: error: ")
    assert message in line


def test_inputs_survive_a_refused_overwrite(files, calls):
    before = (files / "rna.npy").read_bytes()
    main(arguments(files, "--json", files / "rna.npy"))
    assert (files / "rna.npy").read_bytes() == before


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (InputError("two\nlines"), "two lines"),
        (MissingExtraError("pandas", "tables", "reading .csv"), "pip install 'crossphase[tables]'"),
    ],
)
def test_errors_of_the_user_are_one_line_and_exit_2(files, monkeypatch, capsys, error, message):
    def fail(*args, **choices):
        raise error

    monkeypatch.setattr(crossphase.diagnosis, "diagnose", fail, raising=False)
    assert main(arguments(files)) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("crossphase: error: ")
    assert message in line


def test_a_disk_that_fills_up_is_one_line_and_exit_2(files, calls, monkeypatch, capsys):
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    assert main(arguments(files, "--json", files / "d.json")) == 2
    assert "No space left on device" in capsys.readouterr().err
    assert not (files / "d.json").exists()


def test_a_bug_is_not_hidden(files, monkeypatch):
    def fail(*args, **choices):
        raise ZeroDivisionError("bug")

    monkeypatch.setattr(crossphase.diagnosis, "diagnose", fail, raising=False)
    with pytest.raises(ZeroDivisionError):
        main(arguments(files))


def test_interruption_is_130(files, monkeypatch, capsys):
    def interrupt(*args, **choices):
        raise KeyboardInterrupt

    monkeypatch.setattr(crossphase.diagnosis, "diagnose", interrupt, raising=False)
    assert main(arguments(files)) == 130
    assert capsys.readouterr().err.strip() == "crossphase: interrupted"


def test_missing_input_file_is_one_line(tmp_path, capsys):
    assert main(["diagnose", str(tmp_path / "a.npy"), str(tmp_path / "b.npy")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "does not exist" in line


def test_demo_writes_both_files(tmp_path, calls, capsys):
    assert main(["demo", "--out", str(tmp_path)]) == 0
    assert {path.name for path in tmp_path.iterdir()} == {"report.html", "diagnosis.json"}
    data, choices = calls[0]
    assert (data.x_name, data.y_name, data.n_labelled, data.n) == ("fourier", "karhunen", 200, 2000)
    assert choices["settings"] == Settings()
    assert capsys.readouterr().out.startswith("Predict karhunen from fourier")


def test_demo_makes_its_folder(tmp_path, calls):
    out = tmp_path / "new" / "folder"
    assert main(["demo", "--out", str(out), "--quiet"]) == 0
    assert {path.name for path in out.iterdir()} == {"report.html", "diagnosis.json"}


@pytest.mark.parametrize(
    ("more", "message"),
    [(["--seed", "-1"], "--seed -1: give a whole number"), (["--out", "{}/file"], "cannot make")],
)
def test_demo_refuses_in_one_line(tmp_path, calls, capsys, more, message):
    (tmp_path / "file").write_text("")
    assert main(["demo", *(part.format(tmp_path) for part in more)]) == 2
    out, err = capsys.readouterr()
    assert (out, calls) == ("", [])
    assert message in err
    assert len(err.splitlines()) == 1


def test_align_reaches_the_files(files, calls, capsys):
    pd = pytest.importorskip("pandas")
    rng = np.random.default_rng(0)
    rows = np.arange(100, 160)
    pd.DataFrame(rng.normal(size=(60, 2)), index=rows).to_csv(files / "a.csv")
    pd.DataFrame(rng.normal(size=(60, 2)), index=rows[::-1]).to_csv(files / "b.csv")
    command = ["diagnose", str(files / "a.csv"), str(files / "b.csv"),
               "--labels", str(files / "labels.npy")]  # fmt: skip
    assert main(command) == 2
    assert "--align id to match by ID, or --align position" in capsys.readouterr().err
    assert main([*command, "--align", "id"]) == 0
    assert main([*command, "--align", "position"]) == 0
    assert [data.alignment.by for data, _ in calls] == ["id", "position"]


def test_errors_hold_no_control_characters(files, capsys):
    assert main(["diagnose", "\x1b[2Jx.npy", str(files / "protein.npy")]) == 2
    assert "\x1b" not in capsys.readouterr().err


def test_findings_name_options(files, monkeypatch, capsys, diagnosis):
    found = Finding("code", "warning", "A guess", "It may be wrong", 'Give label_kind="classes".')
    monkeypatch.setattr(
        crossphase.diagnosis, "diagnose", lambda data, **_: replace(diagnosis, warnings=(found,))
    )
    assert main(arguments(files)) == 0
    out = capsys.readouterr().out
    assert "A guess. It may be wrong." in out
    assert "→ Give --label-kind classes." in out


def test_verbose_prints_every_code_with_its_interval(files, calls, capsys):
    assert main(arguments(files, "--verbose")) == 0
    assert "+0.050 to +0.110" in capsys.readouterr().out


def test_datasets_are_listed_with_their_licence(capsys):
    assert main(["datasets", "info", "digits-views"]) == 0
    out = capsys.readouterr().out
    assert "digits-views" in out
    assert "CC BY 4.0" in out


@pytest.mark.parametrize(
    "command",
    [
        [],
        ["diagnose"],
        ["plan"],
        ["demo"],
        ["datasets"],
        ["datasets", "list"],
        ["datasets", "info"],
        ["datasets", "fetch"],
        ["reproduce", "linear"],
    ],
)
def test_help_has_an_example_for_every_command(command):
    result = CliRunner().invoke(app, [*command, "--help"])
    assert result.exit_code == 0
    assert "Example" in result.output
    assert f"crossphase {' '.join(command)}".strip() in result.output
    assert "─" not in result.output
    assert "\b" not in result.output
    assert "\\b" not in result.output
    assert max(map(len, result.output.splitlines())) <= 80


def test_examples_keep_their_lines():
    lines = CliRunner().invoke(app, ["diagnose", "--help"]).output.splitlines()
    assert "    crossphase diagnose rna.npy protein.npy --labels cell_types.npy" in lines
    assert "        --label-column type --html report.html" in lines


def test_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"crossphase {crossphase.__version__}\n"


def _loaded(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint('\\n'.join(sys.modules))"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in run.stdout.split()}


def test_importing_the_package_is_light():
    heavy = {"torch", "dask", "matplotlib", "pandas", "sklearn", "pyarrow", "jinja2"}
    assert not heavy & _loaded("import crossphase")
    assert not heavy & _loaded("import crossphase.results, crossphase.errors")


def test_help_loads_no_numerics():
    heavy = {"numpy", "scipy", "sklearn", "matplotlib", "pandas", "jinja2"}
    for command in ([], ["diagnose"], ["demo"], ["datasets"]):
        code = f"from crossphase.cli import main; main({[*command, '--help']!r})"
        assert not heavy & _loaded(code)


def test_module_run_and_piped_output_are_plain(tmp_path):
    run = subprocess.run(
        [sys.executable, "-m", "crossphase", "diagnose", "absent.npy", "absent.npy"],
        capture_output=True, text=True, cwd=tmp_path,
    )  # fmt: skip
    assert run.returncode == 2
    assert run.stdout == ""
    assert run.stderr.startswith("crossphase: error: ")
    assert len(run.stderr.splitlines()) == 1
    assert "\x1b" not in run.stderr
