"""The command line as a whole: quick, torch-free until work begins, one line for a mistake."""

from __future__ import annotations

import re
import resource
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cyclopts import App

import hypersigma
from hypersigma import cli
from hypersigma.cli import run as _run_module  # noqa: F401  (the verb's file must import without torch)
from hypersigma.errors import InputError


def said(capsys: pytest.CaptureFixture[str], *tokens: str) -> tuple[int, str, str]:
    """Exit code, standard output and error stream of a command line."""
    code = cli.main(tokens)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes the application one verb, `fail`, that raises what it is told."""

    def install(error: BaseException) -> None:
        app = App(name="hypersigma", suppress_keyboard_interrupt=False, result_action="return_value")

        @app.command
        def fail() -> None:
            raise error

        monkeypatch.setattr(cli, "build", lambda: app)

    return install


def test_help_lists_every_verb(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = said(capsys, "--help")
    assert code == 0
    assert err == ""
    for verb in cli.names("hypersigma.cli"):
        assert re.search(rf" {verb}  +[A-Z]", out), f"{verb} has no summary"


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "--version") == (0, f"{hypersigma.__version__}\n", "")


@pytest.mark.parametrize(
    ("tokens", "message"),
    [
        (["rnu"], 'Did you mean "run"'),
        (["run", "clasification"], "clasification"),
        (["--no-such-flag"], "--no-such-flag"),
    ],
)
def test_a_usage_error_is_one_line_and_exits_2(
    tokens: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = said(capsys, *tokens)
    assert code == 2
    assert out == ""
    assert err.startswith("error: ")
    assert message in err
    assert "Traceback" not in err


def test_a_mistake_is_told_without_a_traceback(failing: Any, capsys: pytest.CaptureFixture[str]) -> None:
    failing(InputError("scene.hdr: found 3 bytes, expected 12: copy the file again"))
    assert said(capsys, "fail") == (2, "", "error: scene.hdr: found 3 bytes, expected 12: copy the file again\n")


def test_control_c_exits_130(failing: Any, capsys: pytest.CaptureFixture[str]) -> None:
    failing(KeyboardInterrupt())
    assert said(capsys, "fail") == (130, "", "interrupted\n")


def test_a_defect_keeps_its_traceback(failing: Any) -> None:
    failing(ZeroDivisionError("a defect"))
    with pytest.raises(ZeroDivisionError):
        cli.main(["fail"])


def test_python_dash_m() -> None:
    done = subprocess.run([sys.executable, "-m", "hypersigma", "nonsense"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("statement", ["import hypersigma", "from hypersigma.cli import main; main(['--help'])"])
def test_starting_is_quick_and_free_of_torch(statement: str) -> None:
    code = f"{statement}\nimport sys; assert 'torch' not in sys.modules and 'matplotlib' not in sys.modules"
    seconds = []
    for _ in range(3):
        # Processor time, and the best of three: other work on the machine must not fail the test.
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(seconds) < 0.5, f"took {min(seconds):.2f} s at best"


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Inputs of a toy task.

    Attributes:
        labels: Label files, one a scene.
        library: A spectral library.
    """

    labels: tuple[Path, ...]
    library: Path | None = None


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Adds a toy task to `run`; what it was called with is appended to the list."""
    from hypersigma.cli.run import command_of

    module = sys.modules["hypersigma.cli.run"]
    calls: list[Any] = []
    monkeypatch.setattr(module, "_run", lambda *arguments: calls.append(arguments))
    built = cli.build()
    built["run"].command(command_of("toy", Inputs, "A toy task."), name="toy_task")
    monkeypatch.setattr(cli, "build", lambda: built)
    yield calls
    del built["run"]._commands["toy_task"]


def test_inputs_of_a_task_are_flags(toy: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    line = "run toy_task a.hdr b.hdr --labels l.tif --labels m.tif -o out --set a=1 --set b=2 --seed 3 --sensor enmap"
    code, _, err = said(capsys, *line.split())
    assert (code, err) == (0, "")
    task, scenes, options, inputs, opening, common = toy[0]
    assert (task, scenes) == ("toy", (Path("a.hdr"), Path("b.hdr")))
    assert (options.output, options.settings) == (Path("out"), ("a=1", "b=2"))
    assert inputs == Inputs(labels=(Path("l.tif"), Path("m.tif")))
    assert (opening.sensor, common.seed) == ("enmap", 3)


def test_flags_of_a_task_stand_in_its_help(toy: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = said(capsys, "run", "toy_task", "--help")
    for words in ("A toy task.", "Label files, one a scene", "A spectral library", "--device", "--wavelengths"):
        assert words in out
    assert "None" not in out


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("a --labels l", "--output"),
        ("a -o out", "--labels"),
        ("-o out --labels l", "SCENE"),
        ("a -o out --labels l --libary m", "Did you mean --library"),
        ("a -o out --labels l --seed x", "--seed"),
    ],
)
def test_a_flag_that_is_wrong_or_missing(
    line: str, message: str, toy: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = said(capsys, "run", "toy_task", *line.split())
    assert code == 2
    assert message in err
    assert not toy
