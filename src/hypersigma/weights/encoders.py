"""The pre-trained encoders of a folder, spatial, spectral or both, and the way into a backbone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hypersigma.errors import WeightsError
from hypersigma.nn.backbone import Backbone
from hypersigma.nn.sizes import SIZES
from hypersigma.registry import suggestion
from hypersigma.weights.pretrained import History, Kind, Pretrained, find_pretrained
from hypersigma.weights.receipt import Receipt

SCRATCH = "none"  # given as weights: begin with random ones
SHIPPED = Path(__file__).parent / "shipped"  # a folder a size: what comes with the package
_HOW_TO_GET = (
    "get published ones with  hypersigma weights download base -o DIR  (of files that you have:  hypersigma weights "
    "import FILE.pth -o DIR/spatial,  and DIR/spectral), and give DIR"
)


@dataclass(frozen=True)
class Encoders:
    """What a folder of weights holds; at least one of the two is there."""

    spatial: Pretrained | None
    spectral: Pretrained | None

    def __post_init__(self) -> None:
        if len({part.card.radiometry for part in self.parts}) > 1:
            fed = " and ".join(part.card.radiometry for part in self.parts)
            raise WeightsError(f"the encoders were fed different things ({fed}); give two that belong together")

    @property
    def parts(self) -> tuple[Pretrained, ...]:
        """The encoders that are there."""
        return tuple(part for part in (self.spatial, self.spectral) if part is not None)

    @property
    def radiometry(self) -> str:
        """What they were fed, such as "counts / 4000"."""
        return self.parts[0].card.radiometry

    @property
    def size(self) -> str:
        """The name of their size.

        Raises:
            WeightsError: they are of none of the named sizes, or of two.
        """
        shapes = {(part.card.config.encoder.dim, part.card.config.encoder.depth) for part in self.parts}
        names = [name for name, size in SIZES.items() if {(size.dim, size.depth)} == shapes]
        if not names:
            found = " and ".join(f"width {dim}, depth {depth}" for dim, depth in sorted(shapes))
            known = ", ".join(f"{name} ({size.dim}, {size.depth})" for name, size in SIZES.items())
            raise WeightsError(f"found encoders of {found}; expected both of one of the sizes {known}")
        return names[0]

    @property
    def num_parameters(self) -> int:
        """Numbers of both, without decoders."""
        return sum(part.num_parameters for part in self.parts)

    @property
    def history(self) -> History:
        """What they have seen; None where that is not known of one of them."""
        seen = [part.card.history for part in self.parts]
        # Encoders of one run see the same images.
        return max(seen, key=lambda one: one.images or 0) if all(one.images for one in seen) else History()

    def into(self, backbone: Backbone, *, embeddings: bool = True) -> dict[Kind, Receipt]:
        """Fill those encoders of a backbone that are here; `embeddings` false leaves the band-facing layers new.

        Raises:
            WeightsError: the backbone is of another size.
        """
        wanted = [part for part in self.parts if part.card.kind == "spatial" or backbone.spectral is not None]
        return {part.card.kind: part.into(backbone, embeddings=embeddings) for part in wanted}


def shipped_weights(size: str) -> str | None:
    """What the weights of a size that come with the package are called, or None where none do."""
    return size if (SHIPPED / size).is_dir() else None


def load_encoders(name: str | Path) -> Encoders:
    """The encoders of a folder, or of one folder right below it for each kind.

    Raises:
        WeightsError: there are none, several of a kind, or they are damaged.
    """
    folder = Path(name)
    if not folder.exists() and str(name) in SIZES:
        folder = SHIPPED / str(name)
        if not folder.is_dir():
            raise WeightsError(f"no weights of size '{name}' come with this version: {_HOW_TO_GET}")
    if not folder.exists():
        raise WeightsError(f"'{name}' is neither a folder nor a size ({suggestion(str(name), list(SIZES))})")
    if folder.is_file():
        raise WeightsError(f"{name} is a file, expected a folder of weights: {_HOW_TO_GET}")
    found: dict[Kind, Pretrained] = {}
    for place in find_pretrained(folder):
        pretrained = Pretrained.load(place)
        if pretrained.card.kind in found:
            raise WeightsError(f"{folder} holds several {pretrained.card.kind} encoders; give the folder of one")
        found[pretrained.card.kind] = pretrained
    if not found:
        raise WeightsError(f"{folder}: no weights of an encoder in it or right below: {_HOW_TO_GET}")
    return Encoders(found.get("spatial"), found.get("spectral"))
