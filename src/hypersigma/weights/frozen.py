"""Pre-trained encoders as they are, not trained further: an image in, features of every pixel out.

They run the attention that they were pre-trained with. That is full attention as long as weights carry no trained
sampling offsets: offsets that were never trained would look at arbitrary places.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.functional import interpolate

from hypersigma.errors import WeightsError
from hypersigma.nn.backbone import CANONICAL_BANDS, SpatialConfig, SpatialEncoder, SpectralConfig, SpectralEncoder
from hypersigma.nn.block import NORM_EPSILON
from hypersigma.nn.mae import SpatialMaskingConfig, SpectralMaskingConfig
from hypersigma.nn.pad import reflect_to_multiple
from hypersigma.weights.fit import fit
from hypersigma.weights.pretrained import Pretrained


class FrozenSpatial(nn.Module):
    """The spatial encoder and the norm behind its last block."""

    def __init__(self, config: SpatialMaskingConfig) -> None:
        super().__init__()
        rows, cols = config.tile
        self.encoder = SpatialEncoder(
            SpatialConfig(
                encoder=config.encoder,
                channels=config.channels,
                patch=config.patch,
                positions=config.positions,
                grid=(rows // config.patch, cols // config.patch),
            )
        )
        self.norm = nn.LayerNorm(config.encoder.dim, eps=NORM_EPSILON)

    def forward(self, image: Tensor, present: Tensor) -> Tensor:
        """A map (B, D, H, W) of an image (B, 100, H, W): the features of a token lie over the middle of its patch."""
        rows, cols = image.shape[-2:]
        padded = reflect_to_multiple(image, self.encoder.embed.patch)
        tokens = self.norm(self.encoder(padded, present)[-1].movedim(1, -1)).movedim(-1, 1)
        whole = interpolate(tokens, size=padded.shape[-2:], mode="bilinear", align_corners=False)
        return whole[..., :rows, :cols]


class FrozenSpectral(nn.Module):
    """The spectral encoder and the norm behind its last block; it describes a tile as a whole."""

    def __init__(self, config: SpectralMaskingConfig) -> None:
        super().__init__()
        self.encoder = SpectralEncoder(
            SpectralConfig(encoder=config.encoder, tokens=config.tokens, tile=config.tile, positions=config.positions)
        )
        self.norm = nn.LayerNorm(config.encoder.dim, eps=NORM_EPSILON)

    def forward(self, image: Tensor, present: Tensor) -> Tensor:
        """The mean over the tokens of the present bands, the same for all pixels: (B, D, H, W)."""
        mean = self.norm(self.encoder(image, present)[-1]).mean(1)
        return mean[..., None, None].expand(*mean.shape, *image.shape[-2:])  # type: ignore[no-any-return]


def frozen(pretrained: Pretrained) -> FrozenSpatial | FrozenSpectral:
    """An encoder with its weights, in evaluation mode and without gradients.

    Raises:
        WeightsError: the weights are made for other bands than the canonical ones, or some are missing.
    """
    config = pretrained.card.config
    if config.channels != CANONICAL_BANDS:
        raise WeightsError(
            f"these weights are made for {config.channels} bands; frozen encoders see the canonical grid, which is "
            f"what makes them fit any sensor, and need weights made for {CANONICAL_BANDS}"
        )
    network = FrozenSpatial(config) if isinstance(config, SpatialMaskingConfig) else _spectral(config)
    receipt = fit(network, {_place(name): tensor for name, tensor in pretrained.state.items()})
    if missing := receipt.names("new"):
        raise WeightsError(f"damaged or incomplete weights: there is no {', '.join(missing[:3])}")
    network.requires_grad_(False)
    return network.eval()


def _spectral(config: object) -> FrozenSpectral:
    assert isinstance(config, SpectralMaskingConfig)
    return FrozenSpectral(config)


def _place(name: str) -> str:
    """Where a tensor of an autoencoder belongs among those of a frozen encoder."""
    return name if name.startswith("norm.") else f"encoder.{name}"
