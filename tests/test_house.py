"""The house rules that no linter checks: sizes, comments, layers inside a row, a quick and light start."""

from __future__ import annotations

import ast
import io
import re
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import pytest

import hypersigma

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "hypersigma"
MODULES = sorted(SOURCE.rglob("*.py"))
CODE = [*MODULES, *sorted((ROOT / "tests").rglob("*.py"))]

MAX_FILE_LINES, MAX_FUNCTION_LINES = 400, 60
COMMENTS_PER_100_LINES = (3, 8)
# rooms whose files do not know one another; what they share lies in files that start with "_"
SEPARATE_ROOMS = ("tasks", "readers", "baselines", "data/scenes")
DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef
# the only files that may say a name
ONLY_IN = {
    "torch.distributed": ("engine/distributed.py", "engine/checkpoint.py"),
    "dask": ("engine/cluster.py",),
    "distributed": ("engine/cluster.py",),
    "triton": ("nn/attention/triton_kernels.py",),
    "torchvision": (),
    "timm": (),
}


def where(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(path: Path) -> Iterator[str]:
    """Full names of what a module imports, "package.name" for `from package import name`."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (item.name for item in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{item.name}" for item in node.names)


def tracked() -> list[Path]:
    """Files under version control."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()]


@pytest.mark.parametrize("path", CODE, ids=where)
def test_a_file_holds_one_idea(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= MAX_FILE_LINES, f"{lines} lines; {MAX_FILE_LINES} is the most"


@pytest.mark.parametrize("path", MODULES, ids=where)
def test_a_function_fits_a_screen(path: Path) -> None:
    functions = (node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    long = {node.name: size for node in functions if (size := node.end_lineno - node.lineno + 1) > MAX_FUNCTION_LINES}
    assert not long, f"functions over {MAX_FUNCTION_LINES} lines: {long}"


def test_comments_say_enough_and_no_more() -> None:
    comments = lines = 0
    for path in MODULES:
        text = path.read_text(encoding="utf-8")
        lines += num_code_lines(path, text)
        tokens = tokenize.generate_tokens(io.StringIO(text).readline)
        comments += sum(token.type == tokenize.COMMENT for token in tokens)
    low, high = COMMENTS_PER_100_LINES
    share = 100 * comments / lines
    assert low <= share <= high, f"{share:.1f} comments in 100 lines of code; {low} to {high} is the house style"


def num_code_lines(path: Path, text: str) -> int:
    """Lines that are neither blank nor docstring."""
    documented = (node for node in ast.walk(tree(path)) if isinstance(node, DOCUMENTED) and ast.get_docstring(node))
    docstrings = sum(node.body[0].end_lineno - node.body[0].lineno + 1 for node in documented)
    return sum(bool(line.strip()) for line in text.splitlines()) - docstrings


@pytest.mark.parametrize("path", CODE, ids=where)
def test_nothing_is_left_for_later(path: Path) -> None:
    words = "|".join(("TO" + "DO", "FIX" + "ME", "X" * 3, "HA" + "CK"))
    found = re.findall(rf"\b(?:{words})\b.*", path.read_text(encoding="utf-8"))
    assert not found


@pytest.mark.parametrize("room", SEPARATE_ROOMS)
def test_rooms_do_not_know_each_other(room: str) -> None:
    package = f"hypersigma.{room.replace('/', '.')}"
    files = [path for path in MODULES if path.is_relative_to(SOURCE / room)]
    for path in files:
        own, *_ = path.relative_to(SOURCE / room).with_suffix("").parts
        others = {
            name.removeprefix(f"{package}.").split(".")[0] for name in imports(path) if name.startswith(f"{package}.")
        }
        neighbours = {other for other in others - {own} if not other.startswith("_") and _is_module(room, other)}
        assert own == "__init__" or not neighbours, f"{where(path)} imports its neighbours {neighbours}"


def _is_module(room: str, name: str) -> bool:
    return (SOURCE / room / f"{name}.py").exists() or (SOURCE / room / name).is_dir()


@pytest.mark.parametrize(("name", "homes"), ONLY_IN.items())
def test_a_name_stays_where_it_belongs(name: str, homes: tuple[str, ...]) -> None:
    allowed = {SOURCE / home for home in homes}
    for path in set(MODULES) - allowed:
        said = [imported for imported in imports(path) if f"{imported}.".startswith(f"{name}.")]
        assert not said, f"{where(path)} imports {said}"


def test_published_names_stay_in_one_place() -> None:
    for path in MODULES:
        if "weights/official" not in path.as_posix():
            assert "sampling_offsets" not in path.read_text(encoding="utf-8"), where(path)


def test_torchvision_is_absent() -> None:
    assert find_spec("torchvision") is None


def test_no_path_of_a_machine_is_tracked() -> None:
    homes = "|".join(("work", "root", "farm", "home"))
    pattern = re.compile(rf"(?:^|[^A-Za-z0-9_.])/(?:{homes})/[A-Za-z0-9_.]+".encode(), re.MULTILINE)
    for path in tracked():
        if path.suffix not in {".npz", ".png", ".npy"}:
            assert not pattern.search(path.read_bytes()), where(path)


def test_data_files_are_packaged() -> None:
    """Every file under the package that is not Python is matched by a pattern of pyproject.toml."""
    import tomllib

    patterns = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]["hypersigma"]
    packaged = {path for pattern in patterns for path in SOURCE.glob(pattern)}
    for path in tracked():
        if path.is_relative_to(SOURCE) and path.suffix != ".py":
            assert path in packaged, f"{where(path)} would be missing from an installed package"


def test_public_names_resolve() -> None:
    code = "import hypersigma, sys; dir(hypersigma)\nassert 'torch' not in sys.modules\nhypersigma.Cube"
    subprocess.run([sys.executable, "-c", code], check=True)
    with pytest.raises(AttributeError, match="no attribute 'open_cub'"):
        _ = hypersigma.open_cub


def test_constraints_are_sorted_pins() -> None:
    pins = (ROOT / "constraints.txt").read_text().split()
    assert all(re.fullmatch(r"[A-Za-z0-9_.-]+==[^=]+", pin) for pin in pins)
    names = [re.split("==", pin)[0].lower().replace("_", "-") for pin in pins]
    assert all(first < second for first, second in pairwise(names))


def test_every_folder_of_code_is_a_package() -> None:
    bare = {where(path.parent) for path in MODULES if not (path.parent / "__init__.py").exists()}
    assert not bare, f"{bare} lack __init__.py and would be missing from an installed package"


def test_links_between_documents_lead_somewhere() -> None:
    for path in tracked():
        if path.suffix == ".md":
            for target in re.findall(r"\]\(([^)#]+)[^)]*\)", path.read_text(encoding="utf-8")):
                assert target.startswith("https://") or (path.parent / target).exists(), f"{where(path)}: {target}"


def test_every_sensor_is_documented() -> None:
    documented = (ROOT / "docs" / "sensors.md").read_text(encoding="utf-8")
    assert all(f"`{path.stem}`" in documented for path in (SOURCE / "sensors").glob("*.csv"))
