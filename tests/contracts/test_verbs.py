"""Every verb of the command line keeps to the same form."""

from __future__ import annotations

import inspect
import subprocess
import sys

import pytest
from cyclopts import App

from hypersigma import cli
from hypersigma.registry import load, names

VERBS = names("hypersigma.cli")


@pytest.mark.parametrize("verb", VERBS)
def test_a_verbs_file_exports_the_verb(verb: str) -> None:
    exported = getattr(load("hypersigma.cli", verb), verb)
    assert isinstance(exported, App) or inspect.getdoc(exported)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([verb, "--help"]) == 0
    out = capsys.readouterr().out
    assert f"hypersigma {verb}" in out
    assert "None" not in out, "a default of None says nothing"


@pytest.mark.parametrize("verb", VERBS)
def test_what_is_common_means_the_same(verb: str) -> None:
    """A verb that takes parameters of its own takes the common ones too, from the same dataclass."""
    exported = getattr(load("hypersigma.cli", verb), verb)
    if not isinstance(exported, App):
        assert inspect.signature(exported).parameters["common"].annotation == "Common"


def test_verbs_import_nothing_heavy() -> None:
    heavy = "{'torch', 'matplotlib', 'sklearn', 'rasterio', 'scipy', 'numpy', 'pandas', 'h5py'}"
    code = f"import sys, importlib\nfor verb in {VERBS}: importlib.import_module('hypersigma.cli.' + verb)\n"
    code += f"found = {heavy} & set(sys.modules); assert not found, found"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
