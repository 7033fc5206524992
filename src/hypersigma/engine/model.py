"""What comes out of `run` and `load_model`: a result that can be saved, and a model that serves further scenes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from hypersigma.cube import Cube
from hypersigma.data.dates import paired
from hypersigma.data.method import Fitted
from hypersigma.data.pair import Pair
from hypersigma.engine.identity import model_identity, prediction_identity
from hypersigma.engine.journal import Journal
from hypersigma.engine.measure import measured
from hypersigma.engine.predict import load_fitted, predict_scene, silent
from hypersigma.engine.summary import class_shares, masked_notes, scene_files, scene_notes, scenes_line
from hypersigma.errors import InputError
from hypersigma.products import Figure, Layer, Objects, Report, SpectralLibrary
from hypersigma.readers import open_cube
from hypersigma.screening import screen
from hypersigma.writers import replaced_folder, write_result

Progress = Callable[[str, int, int], None]
Scene = Cube | Path | str

MODEL = "model"  # folder of the model inside an output folder


@dataclass(frozen=True, kw_only=True)
class Result:
    """Layers and report of a piece of work, and the model that was fitted for it.

    Attributes:
        layers: by name; of several scenes the names begin with the scene's.
        report: figures, pictures and notes.
        model: None where models that were fitted before were used.
        objects: what detectors found, as vectors.
        libraries: what was found of spectra, such as endmembers.
    """

    layers: dict[str, Layer]
    report: Report
    model: Model | None = None
    objects: tuple[Objects, ...] = ()
    libraries: tuple[SpectralLibrary, ...] = ()

    def save(self, folder: Path | str, *, overwrite: bool = False) -> Path:
        """Write layers, objects, spectra, report and model into a folder that appears whole or not at all.

        Raises:
            OutputError: the folder holds something and may not be replaced, or the disk refuses.
        """
        with replaced_folder(Path(folder), overwrite=overwrite) as place:
            if self.model is not None:
                self.model.save(place / MODEL)
            write_result(list(self.layers.values()), self.report, place, self.objects, self.libraries)
        return Path(folder)


@dataclass(frozen=True, kw_only=True)
class Model:
    """A fitted method, to be used on scenes.

    Attributes:
        fitted: the method after fitting.
        name: a short name of it.
        identity: what tells it from any other, of one that was loaded from its folder.
    """

    fitted: Fitted
    name: str = MODEL
    identity: str = ""

    def predict(self, *scenes: Scene, progress: Progress | None = None) -> Result:
        """Layers of scenes, with a short report.

        Raises:
            InputError: a scene cannot be read, or lacks bands that the model was fitted on.
        """
        return predict([self], scenes, progress)

    def save(self, folder: Path) -> None:
        """Write all that predicting needs into a folder."""
        self.fitted.save(folder)


def load_model(folder: Path | str, device: str = "auto") -> Model:
    """A model from the folder it was saved into, or from the output folder that holds it.

    Raises:
        InputError: there is no model in the folder, or it is damaged.
    """
    place = Path(folder)
    return Model(fitted=load_fitted(place, device), name=name_of(place), identity=model_identity(place, device))


def name_of(folder: Path) -> str:
    """A short name of the model in a folder."""
    place = folder.resolve()
    # "model" says nothing of it: the output folder around it was named by a person
    return place.parent.name if place.name == MODEL else place.name


def predict(
    models: Sequence[Model], scenes: Sequence[Scene], progress: Progress | None = None, work: Path | None = None
) -> Result:
    """Layers of scenes from one or several models, with a short report.

    Of several models and scenes, the layers' names begin with the model's and the scene's.

    Args:
        models: what to use.
        scenes: cubes, or paths of scenes.
        progress: called with (phase, done, total).
        work: folder that layers grow in strip by strip, and that a prediction which was killed goes on from; only of
            models that were loaded. The layers of the result lie in it.

    Raises:
        InputError: a scene cannot be read, or lacks bands that a model was fitted on.
    """
    from hypersigma.viz.panels import Panel, panels_figure
    from hypersigma.viz.quicklook import composite

    cubes = scenes_for(models, [opened(scene) for scene in scenes])
    layers = {}
    with measured() as cost:
        for prefix, model in zip(prefixes([model.name for model in models]), models, strict=True):
            place = work / f"{prefix}layers" if work and model.identity else None
            for layer in mapped(model.fitted, cubes, progress, place, model.identity).values():
                layers[prefix + layer.name] = replace(layer, name=prefix + layer.name)
    shown = [date for cube in cubes for date in ((cube.before, cube.after) if isinstance(cube, Pair) else (cube,))]
    pictures = [Figure("Scene", panels_figure([Panel(cube.name, composite(cube))])) for cube in shown]
    report = Report(
        task="prediction",
        scene=scenes_line(cubes),
        settings={
            "models": [model.name for model in models],
            "identities": [
                prediction_identity(model.identity, cube) for model in models if model.identity for cube in cubes
            ],
            "scenes": scene_files(cubes),
        },
        seed=0,
        seconds=cost.seconds,
        peak_memory_mb=cost.peak_memory_mb,
        layers=tuple(layers),
        sections=[*class_shares(layers.values()), *pictures],
        notes=[*scene_notes(cubes), *masked_notes(layers.values())],
    )
    return Result(layers=layers, report=report)


def takes_pairs(models: Sequence[Model]) -> bool:
    """Whether models compare two dates.

    Raises:
        InputError: some do and some do not.
    """
    kinds = {bool(getattr(model.fitted, "takes_pairs", False)) for model in models}
    if len(kinds) > 1:
        raise InputError("some of the models compare two dates and some look at single scenes; use them apart")
    return kinds == {True}


def scenes_for(models: Sequence[Model], cubes: Sequence[Cube]) -> list[Cube]:
    """The scenes as models take them: as they are, or each two as a pair of dates on one grid.

    Raises:
        InputError: pairs are needed and there is an odd number, or two dates cannot be compared.
    """
    if not takes_pairs(models):
        return list(cubes)
    made: list[Cube] = [cube for cube in cubes if isinstance(cube, Pair)]
    single = [cube for cube in cubes if not isinstance(cube, Pair)]
    if len(single) % 2:
        raise InputError(f"{len(single)} scenes; this model compares two dates: give BEFORE AFTER")
    return [*made, *(paired(*dates) for dates in zip(single[::2], single[1::2], strict=True))]


def opened(scene: Scene) -> Cube:
    """A scene, opened if it is a path, without bands that hold nothing."""
    return screen(scene if isinstance(scene, Cube) else open_cube(scene))


def mapped(
    fitted: Fitted,
    cubes: Sequence[Cube],
    progress: Progress | None = None,
    work: Path | None = None,
    identity: str = "",
) -> dict[str, Layer]:
    """The layers of all scenes by name; in a folder `work`, if given, with what tells the model from any other."""
    found = {}
    for prefix, cube in zip(prefixes([cube.name for cube in cubes]), cubes, strict=True):
        advance = partial(progress, f"mapping {cube.name}") if progress else silent
        store = Journal(work / f"{prefix}scene", prediction_identity(identity, cube)) if work else None
        for layer in fitted.layers(predict_scene(fitted, cube, advance, store), cube.georef):
            found[prefix + layer.name] = replace(layer, name=prefix + layer.name)
    return found


def prefixes(names: Sequence[str]) -> list[str]:
    """What the layers of each of several scenes (or models) begin with; nothing for a single one."""
    if len(names) == 1:
        return [""]
    often, seen = Counter(names), Counter[str]()
    result = []
    for name in names:
        seen[name] += 1
        # scenes of different folders often share a name, and their layers become files of one folder
        result.append(f"{name}_{seen[name]}_" if often[name] > 1 else f"{name}_")
    return result


def work_folder(output: Path) -> Path:
    """Where work that was interrupted is kept, beside its output folder; the same command resumes from it."""
    output = output.resolve()
    return output.with_name(f".{output.name}.work")
