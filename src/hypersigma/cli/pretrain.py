"""`hypersigma pretrain --config RECIPE -o DIR`: train encoders from scratch, on one device or, under torchrun, many."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from hypersigma.cli._common import DEFAULTS, Common
from hypersigma.cli._console import Console


def pretrain(
    *,
    config: Path,
    output: Annotated[Path, Parameter(name=["--output", "-o"])],
    resume: bool = False,
    settings: Annotated[tuple[str, ...], Parameter(name="--set")] = (),
    common: Common = DEFAULTS,
) -> None:
    """Pre-train encoders as a recipe says; many devices: torchrun --nproc-per-node N -m hypersigma pretrain ...

    Args:
        config: Recipe, a YAML file.
        output: Folder for checkpoints, log, pictures and weights.
        resume: Go on from the last checkpoint, if there is one.
        settings: A setting, key=value, over those of the recipe; may be repeated.
    """
    from hypersigma.config import load_yaml, read_yaml, structure, with_settings
    from hypersigma.engine.masking import workload
    from hypersigma.engine.pretrain import pretrain as train
    from hypersigma.engine.recipe import PretrainConfig

    # Of many processes the first one speaks.
    console = Console(common if _is_first() else replace(common, quiet=True, json=True))
    if settings:
        recipe = structure(with_settings(read_yaml(config), settings), PretrainConfig, str(config))
    else:
        recipe = load_yaml(config, PretrainConfig)
    with console.progress() as progress:
        weights = train(
            recipe,
            workload(recipe, common.seed),
            output,
            seed=common.seed,
            resume=resume,
            device=common.device,
            advance=lambda step: progress("pre-training", step, recipe.optimisation.steps),
        )
    if _is_first():
        console.text(
            f"{output}: encoders, {weights.name}, log.jsonl, checkpoints; give it to --weights and load_backbone"
        )
        console.result({"weights": weights, "steps": recipe.optimisation.steps})


def _is_first() -> bool:
    """Whether this process is alone, or the first of those that torchrun or srun started."""
    return os.environ.get("RANK", os.environ.get("SLURM_PROCID", "0")) == "0"
