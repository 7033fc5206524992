"""What a task's settings ask for: a network to be fitted, or frozen features and nothing that is trained."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypersigma import config as configuration
from hypersigma import registry
from hypersigma.data.method import Method
from hypersigma.errors import ConfigError

Progress = Callable[[str, int, int], None]


def network_method(
    task: str,
    config: Any,
    *,
    weights: str | None = None,
    device: str = "auto",
    progress: Progress | None = None,
    work: Path | None = None,
) -> Method:
    """The method of our own for a task, not fitted yet.

    Args:
        task: registered name.
        config: settings, as for `structured`.
        weights: pre-trained ones, as for `run`.
        device: where to compute.
        progress: called with (phase, done, total).
        work: folder in which an interrupted fit is kept.

    Raises:
        ConfigError: there is no such setting or device, or weights are given that nothing uses.
    """
    from hypersigma.baselines._change import ChangeDetector
    from hypersigma.baselines._unmixing import Unmixer
    from hypersigma.engine.devices import resolved
    from hypersigma.engine.frozen import FrozenMethod
    from hypersigma.engine.neural import NeuralMethod
    from hypersigma.engine.pseudo import PseudoLabelMethod
    from hypersigma.engine.pseudo_change import TaughtOrPseudo
    from hypersigma.engine.restoring import TrainedRestoration
    from hypersigma.engine.unmixing import BegunWithEndmembers
    from hypersigma.tasks._restoration import RestorationMethod, Restorer
    from hypersigma.weights.encoders import SCRATCH

    # found out before anything is read
    resolved(device)
    room = registry.load("hypersigma.tasks", task)
    settings = structured(config, room.TASK.Config)
    mode = getattr(settings, "mode", None)
    given: dict[str, Any] = {} if progress is None else {"progress": progress}
    if issubclass(room.TASK, Restorer):
        restoration = RestorationMethod(task=room.TASK, config=settings)
        if mode == "trained":
            return TrainedRestoration(restoration=restoration, weights=weights, device=device, work=work, **given)
        if weights not in (None, SCRATCH):
            raise ConfigError(
                f"{task} is done without a network and takes no weights; leave them out, or add  --set mode=trained"
            )
        return restoration
    if mode == "frozen":
        return FrozenMethod(config=settings, detector=room.frozen_detector(settings), weights=weights, device=device)
    network = NeuralMethod(task=room.TASK, config=settings, weights=weights, device=device, work=work, **given)
    if mode == "trained":
        detector = room.frozen_detector(settings)
        if isinstance(detector, Unmixer):
            return BegunWithEndmembers(network=network, unmixer=detector)
        kind = TaughtOrPseudo if isinstance(detector, ChangeDetector) else PseudoLabelMethod
        return kind(network=network, detector=detector)
    return network


def structured(config: Any, kind: type) -> Any:
    """Settings as the dataclass that they are for, whatever form they come in: keys and values, a YAML file, itself."""
    if isinstance(config, kind):
        return config
    if isinstance(config, str | Path):
        return configuration.load_yaml(Path(config), kind)
    return configuration.structure(config or {}, kind)
