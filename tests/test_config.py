"""Configurations: strict, every problem named by its path, and a round trip through YAML that loses nothing."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hypersigma.config import as_settings, load_yaml, read_yaml, save_yaml, structure, unstructure, with_settings
from hypersigma.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class Optimizer:
    rate: float = 0.1
    betas: tuple[float, float] = (0.9, 0.999)
    names: tuple[str, ...] = ()
    kind: Literal["adam", "momentum"] = "adam"

    def __post_init__(self) -> None:
        if self.rate < 0:
            raise ConfigError(f"rate is {self.rate}; it must not be negative")


@dataclass(frozen=True, kw_only=True)
class Settings:
    optimizer: Optimizer = Optimizer()
    stages: tuple[Optimizer, ...] = ()
    second: Optimizer | None = None
    tile: int | Literal["scene"] = 64
    layers: dict[str, int] = field(default_factory=dict)
    path: Path | None = None
    published: bool = False


@dataclass(frozen=True, kw_only=True)
class Needy:
    size: int


MISTAKES: list[tuple[Any, str]] = [
    ({"tle": 3}, "config: there is no key 'tle': did you mean 'tile'?"),
    ({"zzz": 3}, "known: optimizer, stages"),
    ({"optimizer": {"rat": 1}}, "config: optimizer: there is no key 'rat': did you mean 'rate'?"),
    ({"stages": [{}, {"rat": 1}]}, "config: stages[1]: there is no key 'rat'"),
    ({"second": {"rat": 1}}, "config: second: there is no key 'rat'"),
    ({"optimizer": {"rate": "fast"}}, "config: optimizer.rate: found 'fast' (str), expected float"),
    ({"optimizer": {"rate": True}}, "found True (bool), expected float"),
    ({"optimizer": {"rate": -1}}, "config: optimizer: rate is -1.0; it must not be negative"),
    ({"optimizer": {"betas": [1]}}, "optimizer.betas: found 1 entries, expected 2"),
    ({"optimizer": {"names": "ab"}}, "optimizer.names: found 'ab' (str), expected a list"),
    ({"optimizer": {"names": ["a", 3]}}, "optimizer.names[1]: found 3 (int), expected str"),
    ({"optimizer": {"kind": "adm"}}, "optimizer.kind: found 'adm' (str): did you mean 'adam'?"),
    ({"optimizer": [1]}, "config: optimizer: found [1] (list), expected the keys and values of Optimizer"),
    ({"tile": "scne"}, "config: tile: found 'scne' (str), expected int or 'scene'"),
    ({"tile": True}, "config: tile: found True (bool), expected int or 'scene'"),
    ({"layers": {"a": "b"}}, "layers['a']: found 'b' (str), expected int"),
    ({"published": 1}, "published: found 1 (int), expected bool"),
    ("text", "config: found 'text' (str), expected the keys and values of Settings"),
]


@pytest.mark.parametrize(("data", "message"), MISTAKES)
def test_a_mistake_is_named_with_its_path(data: Any, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        structure(data, Settings)
    assert message in str(caught.value)


def test_every_mistake_is_named_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        structure({"tile": [], "published": "yes"}, Settings, where="a.yaml")
    assert str(caught.value).count("a.yaml: ") == 2


def test_a_missing_key_is_named() -> None:
    with pytest.raises(ConfigError, match="size: this key is missing"):
        structure({}, Needy)


def test_nested_values_are_structured() -> None:
    made = structure({"second": {"rate": 1}, "tile": "scene", "path": "a/b", "layers": {"x": 2}}, Settings)
    assert made == Settings(second=Optimizer(rate=1.0), tile="scene", path=Path("a/b"), layers={"x": 2})
    assert structure({"optimizer": Optimizer(rate=2.0)}, Settings).optimizer.rate == 2.0


@dataclass(frozen=True, kw_only=True)
class Task:
    settings: Settings = Settings(optimizer=Optimizer(rate=3.0, kind="momentum"), tile=9)
    either: Optimizer | Needy = Optimizer(rate=4.0)


def test_what_part_of_an_entry_leaves_out_is_that_of_its_own_default() -> None:
    assert structure({"settings": {"published": True}}, Task).settings == replace(Task().settings, published=True)
    made = structure({"settings": {"optimizer": {"rate": 1}, "layers": {"x": 2}}}, Task).settings
    assert made == Settings(optimizer=Optimizer(rate=1.0, kind="momentum"), tile=9, layers={"x": 2})
    # one of several types is a whole of its own
    assert structure({"either": {"size": 1}}, Task).either == Needy(size=1)
    assert structure({"either": {"kind": "adam"}}, Task).either == Optimizer()
    with pytest.raises(ConfigError, match="settings.optimizer: there is no key 'rat': did you mean 'rate'"):
        structure({"settings": {"optimizer": {"rat": 1}}}, Task)


finite = st.floats(allow_nan=False, min_value=0)
words = st.text(max_size=8)
optimizers = st.builds(
    Optimizer,
    rate=finite,
    betas=st.tuples(finite, finite),
    names=st.lists(words, max_size=3).map(tuple),
    kind=st.sampled_from(["adam", "momentum"]),
)
whole = st.builds(
    Settings,
    optimizer=optimizers,
    stages=st.lists(optimizers, max_size=2).map(tuple),
    second=st.none() | optimizers,
    tile=st.integers() | st.just("scene"),
    layers=st.dictionaries(words, st.integers(), max_size=3),
    path=st.none() | st.just(Path("a/b")),
    published=st.booleans(),
)


@settings(max_examples=60, deadline=None)
@given(config=whole)
def test_round_trip_through_yaml(config: Settings, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("config") / "config.yaml"
    save_yaml(config, path)
    assert load_yaml(path, Settings) == config
    assert structure(unstructure(config), Settings) == config


def test_text_that_looks_like_a_number_stays_text(tmp_path: Path) -> None:
    config = Settings(optimizer=Optimizer(names=("0e0", "-1e+3", "1.5e3", "1e", "12", "true")))
    save_yaml(config, tmp_path / "config.yaml")
    assert load_yaml(tmp_path / "config.yaml", Settings) == config


def test_a_number_with_an_exponent_is_a_number(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("optimizer: {rate: 1e-3}\n")
    assert load_yaml(path, Settings).optimizer.rate == 1e-3


def test_plain_data_can_be_saved(tmp_path: Path) -> None:
    save_yaml({"a": [1, 2]}, tmp_path / "a.yaml")
    assert read_yaml(tmp_path / "a.yaml") == {"a": [1, 2]}


def test_an_empty_file_holds_no_keys(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("")
    assert read_yaml(tmp_path / "a.yaml") == {}


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"a: [1", "not readable as YAML"), (b"- 1\n", "expected keys and values, found list"), (b"\xff\xfe\xfa", "text")],
)
def test_a_file_that_is_no_configuration(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=message):
        read_yaml(path)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.yaml: there is no such file"):
        read_yaml(tmp_path / "nowhere.yaml")


def test_settings_go_over_what_stands() -> None:
    data = {"optimizer": {"rate": 0.5, "kind": "adam"}}
    changed = with_settings(data, ["optimizer.rate=1e-3", "second.kind=momentum", "tile=scene"])
    assert changed == {"optimizer": {"rate": 1e-3, "kind": "adam"}, "second": {"kind": "momentum"}, "tile": "scene"}
    assert data["optimizer"]["rate"] == 0.5


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("rate", "not of the form key=value"),
        ("=3", "key=value"),
        ("a=[1", "YAML"),
        ("tile.side=3", "no keys of its own"),
    ],
)
def test_a_setting_that_cannot_be_read(setting: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        with_settings({"tile": 3}, [setting])


def test_data_becomes_settings_and_data_again():
    data = {"size": "tiny", "training": {"steps": 3, "rate": 1e-6}, "scales": [0.0, 2.0], "none": None, "yes": True}
    settings = as_settings(data)
    assert "training.steps=3" in settings
    assert with_settings({}, settings) == data
