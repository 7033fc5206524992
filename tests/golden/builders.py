"""What rebuilds the network of a reference file."""

from __future__ import annotations

from collections.abc import Callable

from hypersigma.nn.attention import FullAttention, SparseSamplingAttention
from tests.golden import change_kinds, kinds, restoration_kinds, unmixing_kinds
from tests.golden.kinds import Golden, Rebuilt

KINDS: dict[str, Callable[[Golden], Rebuilt]] = {
    "Attention": lambda golden: kinds.attention(golden, FullAttention),
    "SampleAttention": lambda golden: kinds.attention(golden, SparseSamplingAttention),
    "SpatViT/fusion": kinds.spatial,
    "SpatViT/fusion_patch": kinds.spatial,
    "SpectralVisionTransformer": kinds.spectral,
    "SSFusionFramework/classification": kinds.fusion,
    "SSFusionFramework/segmentation": kinds.fusion,
    "SSHADFramework": kinds.detection_network,
    "SpatialHADFramework": kinds.detection_network,
    "SSHTDFramework": kinds.detection_network,
    "SpatialHTDFramework": kinds.detection_network,
    "HyperSIGMA_CD": change_kinds.windows,
    "SpatSIGMA_CD": change_kinds.windows,
    "MSCDNet": change_kinds.multispectral,
    "HyperSIGMA_Unmix": unmixing_kinds.network,
    "SpatSIGMA_Unmix": unmixing_kinds.network,
    "SSFusionFramework/denoising": restoration_kinds.denoiser,
    "SSFusionFramework/super-resolution": restoration_kinds.super_resolver,
    "SpatMAE": kinds.masked_autoencoder,
    "SpecMAE": kinds.masked_autoencoder,
}


def builder(golden: Golden) -> Callable[[Golden], Rebuilt] | None:
    """What rebuilds the network of a file, or None for a kind not built yet."""
    if golden.kind.startswith("position-table resize"):
        return kinds.position_resize
    return KINDS.get(golden.kind)
