"""A pre-training run in a folder: it is logged, saved, resumed, and ends with weights.

The folder holds `recipe.yaml`, `log.jsonl`, `pictures/`, `tensorboard/`, `checkpoints/`, and at the end
`network.safetensors`, the network by its own names, averaged if the recipe asks for an average, and what the method
makes of it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

from safetensors.torch import save_file

from hypersigma.config import save_yaml
from hypersigma.engine.checkpoint import Checkpoints
from hypersigma.engine.devices import drawing_apart
from hypersigma.engine.distributed import World, started
from hypersigma.engine.objective import Workload
from hypersigma.engine.pretrained_folder import Export
from hypersigma.engine.recipe import PretrainConfig
from hypersigma.engine.tracking import LOG, Tracker
from hypersigma.engine.trainer import Trainer
from hypersigma.errors import OutputError
from hypersigma.writers import replaced_file

WEIGHTS = "network.safetensors"

_LOG = logging.getLogger(__name__)


def pretrain(
    config: PretrainConfig,
    workload: Workload,
    folder: Path,
    *,
    seed: int = 0,
    resume: bool = False,
    device: str = "auto",
    advance: Callable[[int], None] = lambda step: None,
) -> Path:
    """The file of weights that a run ends with; all processes that were started together call this alike.

    Args:
        config: the recipe.
        workload: network and examples.
        folder: of the run; a shared one if the processes are on several machines.
        seed: rules first weights, examples' draws and masks.
        resume: go on from the last checkpoint if there is one.
        device: as in every verb.
        advance: called after each step with the number of steps done.

    Raises:
        ConfigError: recipe and number of processes, or recipe and checkpoint, do not go together; or training
            diverged.
        OutputError: the folder holds something and `resume` is not set; or the disk refuses.
        WeightsError: a checkpoint is damaged, or carries code.
    """
    with started(device) as world, drawing_apart(world.device):
        # All processes look before any of them writes.
        occupied = world.any(folder.is_dir() and any(folder.iterdir()))
        checkpoints = Checkpoints(folder / "checkpoints", world, config.ruling(seed), config.records.keep)
        done = checkpoints.steps()
        if occupied and not resume:
            held = f"a run of {done[-1]} steps; go on with --resume" if done else "something; empty it"
            raise OutputError(f"{folder}: the folder holds {held}, or choose another -o")
        trainer = Trainer(config, workload, world, seed)
        first = done[-1] if done else 0
        if first:
            checkpoints.load(first, trainer.state())
            trainer.resumed(first)
            _LOG.info("resuming at step %d", first)
        _begin(config, folder, world)
        _announce(config, trainer, workload, folder, world)
        try:
            _train(config, trainer, checkpoints, folder, world, range(first, config.optimisation.steps), advance)
        finally:
            # Whatever ended the run, a checkpoint on its way is put in its place.
            checkpoints.close()
        return _finish(trainer, workload, folder, world)


def _begin(config: PretrainConfig, folder: Path, world: World) -> None:
    """Make the folder with the recipe in it."""
    if world.first:
        with replaced_file(folder / "recipe.yaml") as place:
            save_yaml(config, place)


def _announce(config: PretrainConfig, trainer: Trainer, workload: Workload, folder: Path, world: World) -> None:
    """Say what is trained on what, before the first step."""
    how, records = config.optimisation, config.records
    devices = f"{world.size} processes, each on {world.device}" if world.size > 1 else str(world.device)
    trained = "both encoders" if config.encoders == "both" else f"the {config.encoders} encoder"
    millions = trainer.num_parameters / 1e6
    _LOG.info("training %s of size %s: with decoders %.1f million parameters", trained, config.size, millions)
    # Other workloads than that of a recipe do not say where their examples come from.
    for line in workload.export.data if isinstance(workload.export, Export) else ():
        _LOG.info("%s", line)
    _LOG.info("%d steps of %d images on %s", how.steps, how.batch_size, devices)
    _LOG.info("log: %s, step 1 and every %d; checkpoints every %d", folder / LOG, records.log_every, records.save_every)


def _train(
    config: PretrainConfig,
    trainer: Trainer,
    checkpoints: Checkpoints,
    folder: Path,
    world: World,
    steps: range,
    advance: Callable[[int], None],
) -> None:
    """Do the steps, and write what is to be written of them."""
    records, last = config.records, config.optimisation.steps
    with Tracker(folder, steps.start, world.device) if world.first else nullcontext() as tracker:
        for step in steps:
            figures, done = trainer.step(step), step + 1
            if tracker is not None:
                tracker.count(config.optimisation.batch_size)
                if done % records.log_every == 0 or done in (1, last):
                    tracker.write(step, figures)
            if records.picture_every and done % records.picture_every == 0:
                picture = trainer.picture()
                if tracker is not None and picture is not None:
                    tracker.picture(step, picture)
            if done % records.save_every == 0 or done == last:
                checkpoints.save(trainer.state(), done)
            advance(done)
        checkpoints.wait()


def _finish(trainer: Trainer, workload: Workload, folder: Path, world: World) -> Path:
    """Write the weights and return their file."""
    weights = trainer.weights()
    if world.first:
        with replaced_file(folder / WEIGHTS) as place:
            save_file(weights, place)
        if workload.export is not None:
            workload.export(weights, folder)
    world.any(False)
    return folder / WEIGHTS
