"""One training step of both huge encoders, 1.29 billion parameters with sparse sampling, on one small machine.

Run it with  torchrun --nproc-per-node 2 benchmarks/billion.py ; the network is built without numbers, gets its first
ones shard by shard, and is trained for one step in bfloat16 (weights, gradients and moments), with every block
computed anew in the backward pass. The figures go to results/billion.json. `--size tiny` shows how it goes.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import torch
from einops import rearrange
from torch import Tensor, nn

from hypersigma.engine.distributed import World, blocks, clip_gradients, distributed, local, started
from hypersigma.engine.measure import resident_bytes
from hypersigma.engine.optim import adamw
from hypersigma.engine.recipe import OptimisationConfig
from hypersigma.engine.trainer import checkpoint_blocks
from hypersigma.nn.backbone import CANONICAL_BANDS, Backbone, BackboneConfig, SpatialConfig, SpectralConfig
from hypersigma.nn.encoder import EncoderConfig

TILE, PATCH = 64, 8
# A first step of Adam moves every weight by the whole learning rate: without warm-up it has to be this small.
SETTINGS = OptimisationConfig(steps=1, warmup=0, learning_rate=1e-5)
RESULTS = Path(__file__).parent / "results" / "billion.json"


class Reconstruction(nn.Module):
    """Both encoders, and a linear map from each to the image that it saw: enough for a loss that reaches all."""

    def __init__(self, encoder: EncoderConfig) -> None:
        super().__init__()
        self.backbone = Backbone(
            BackboneConfig(
                spatial=SpatialConfig(encoder=encoder, patch=PATCH), spectral=SpectralConfig(encoder=encoder)
            )
        )
        self.patches = nn.Linear(encoder.dim, CANONICAL_BANDS * PATCH**2)
        self.bands = nn.Linear(encoder.dim, TILE**2)

    def forward(self, image: Tensor) -> Tensor:
        """Mean squared error of both reconstructions of an image (B, C, H, W)."""
        features = self.backbone(image)
        assert features.spectral is not None
        patches = self.patches(rearrange(features.spatial[-1], "b d h w -> b h w d"))
        image_of_patches = rearrange(patches, "b h w (c p q) -> b c (h p) (w q)", p=PATCH, q=PATCH)
        image_of_bands = self.bands(features.spectral).unflatten(-1, (TILE, TILE))
        return sum((found - image).float().square().mean() for found in (image_of_patches, image_of_bands))


@contextmanager
def timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    """Note how long a part of the work takes."""
    begun = time.perf_counter()
    yield
    seconds[name] = round(time.perf_counter() - begun, 2)


def build(size: str, world: World) -> tuple[nn.Module, int, int]:
    """The sharded network, its parameters, and those of the encoders."""
    with torch.device("meta"):
        # Of so few samples stochastic depth would leave whole branches without a gradient.
        network = Reconstruction(replace(EncoderConfig.of_size(size), drop_path=0.0)).to(torch.bfloat16)
    numbers = [sum(weight.numel() for weight in part.parameters()) for part in (network, network.backbone)]
    checkpoint_blocks(network)
    torch.manual_seed(0)
    return distributed(network, "fsdp", world), *numbers


def measure(size: str, batch: int, world: World) -> dict[str, object]:
    """Build, take one step, and tell what it took; the loss after the step shows that it was one."""
    seconds: dict[str, float] = {}
    with timed(seconds, "build"):
        network, num_parameters, num_encoder_parameters = build(size, world)
    after_build = resident_bytes()
    optimizer = adamw(network, SETTINGS, weight_decay=SETTINGS.weight_decay, beta=SETTINGS.beta)
    # A batch of its own for each process.
    image = torch.rand(batch, CANONICAL_BANDS, TILE, TILE, generator=torch.Generator().manual_seed(world.rank))
    image = image.to(torch.bfloat16)
    with timed(seconds, "forward"):
        loss = network(image)
    with timed(seconds, "backward"):
        loss.backward()
    weights = list(network.parameters())
    reached = world.sums({str(index): local(weight.grad).any() for index, weight in enumerate(weights)})
    with timed(seconds, "step"):
        norm = clip_gradients(weights, SETTINGS.clip, world)
        optimizer.step()
    with torch.no_grad():
        after = network(image)
    peak = torch.tensor(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024.0)
    memory = world.sums({"peak": peak, "after_build": torch.tensor(float(after_build))})
    losses = world.sums({"before": loss / world.size, "after": after / world.size})
    return {
        "size": size,
        "num_processes": world.size,
        "batch_size": batch * world.size,
        "num_encoder_parameters": num_encoder_parameters,
        "num_parameters": num_parameters,
        "num_blocks": len(blocks(network)),
        "num_tensors": len(weights),
        "num_tensors_with_gradient": sum(number > 0 for number in reached.values()),
        "loss": losses,
        "gradient_norm": norm,
        "seconds": seconds,
        "memory_gb": {name: round(number / 1e9, 2) for name, number in memory.items()},
    }


def main() -> None:
    """Measure, print and store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", default="huge")
    parser.add_argument("--batch", type=int, default=1, help="images of each process")
    choice = parser.parse_args()
    with started("cpu") as world:
        row = measure(choice.size, choice.batch, world)
        if world.first:
            print(json.dumps(row, indent=2))
            machine = {"processor": platform.machine(), "python": platform.python_version(), "torch": torch.__version__}
            if choice.size == "huge":
                RESULTS.write_text(json.dumps({"machine": machine, "row": row}, indent=2) + "\n")


if __name__ == "__main__":
    main()
