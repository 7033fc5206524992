"""Which processes train together: starting them, wrapping the network, and sums over all of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed import HashStore  # type: ignore[attr-defined]
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import FSDPModule, fully_shard, register_fsdp_forward_method
from torch.distributed.tensor import DTensor
from torch.nn.parallel import DistributedDataParallel

from hypersigma.engine.devices import resolved
from hypersigma.errors import ConfigError
from hypersigma.nn.block import Block
from hypersigma.nn.encoder import Encoder, initialise_block, initialise_linear

Sharding = Literal["none", "ddp", "fsdp"]


@dataclass(frozen=True)
class World:
    """The processes that train together, seen from one of them.

    Attributes:
        rank: number of this process, from 0.
        size: number of processes.
        device: where this process computes.
    """

    rank: int
    size: int
    device: torch.device

    @property
    def first(self) -> bool:
        """Whether this process writes what only one may write."""
        return self.rank == 0

    def sums(self, values: Mapping[str, Tensor]) -> dict[str, float]:
        """Numbers by name, each summed over all processes, in float64; every process gives the same names."""
        names = sorted(values)
        stacked = torch.stack([values[name].detach().double() for name in names])
        if self.size > 1:
            dist.all_reduce(stacked)
        return dict(zip(names, stacked.tolist(), strict=True))

    def any(self, happened: bool) -> bool:
        """Whether it happened in any process; none goes on before all have answered."""
        told = torch.tensor(float(happened), device=self.device)
        return self.sums({"happened": told})["happened"] > 0


class _Place(NamedTuple):
    rank: int
    size: int
    local_rank: int


@contextmanager
def started(device: str) -> Iterator[World]:
    """The processes that torchrun or srun started, or this one alone; they part when the block ends.

    Within another such block the processes are those of the outer one.

    Args:
        device: as in every verb; of several CUDA devices each process of a machine takes its own.

    Raises:
        ConfigError: no such device, or the processes do not find one another.
    """
    place = _place(os.environ)
    where = resolved(device)
    if where.type == "cuda" and place.size > 1:
        where = resolved(f"cuda:{place.local_rank}")
        torch.cuda.set_device(where)
    if dist.is_initialized():
        yield World(dist.get_rank(), dist.get_world_size(), where)
        return
    # Gloo too where there is NCCL: checkpoints are agreed on by way of the CPU.
    backend = "cpu:gloo,cuda:nccl" if where.type == "cuda" else "gloo"
    # A process alone makes a group as well: shards and checkpoints ask for one.
    store = HashStore() if place.size == 1 else None
    try:
        dist.init_process_group(backend, store=store, rank=place.rank, world_size=place.size)
    except (ValueError, dist.DistError) as error:
        raise ConfigError(f"the {place.size} processes do not find one another ({error}); see MASTER_ADDR") from error
    try:
        yield World(place.rank, place.size, where)
    finally:
        dist.destroy_process_group()


def _place(environment: Mapping[str, str]) -> _Place:
    """Rank, number of processes, and rank on this machine, from what torchrun or srun put into the environment."""
    for rank, size, local in (
        ("RANK", "WORLD_SIZE", "LOCAL_RANK"),
        ("SLURM_PROCID", "SLURM_NTASKS", "SLURM_LOCALID"),
    ):
        # An interactive shell of SLURM has numbers, too; only a job script that means it gives an address.
        if {rank, size, "MASTER_ADDR"} <= environment.keys():
            return _Place(int(environment[rank]), int(environment[size]), int(environment.get(local, "0")))
    return _Place(0, 1, 0)


def blocks(network: nn.Module) -> list[tuple[Block, int]]:
    """The transformer blocks of a network, each with its index in its encoder: they are sharded one by one."""
    encoders = [module for module in network.modules() if isinstance(module, Encoder)]
    return [(block, index) for encoder in encoders for index, block in enumerate(encoder.blocks)]  # type: ignore[misc]


def distributed(objective: nn.Module, sharding: Sharding, world: World) -> nn.Module:
    """The network that all processes train together, of a network that each has built alike.

    With "fsdp" (FSDP2) every process keeps a share of each parameter, and `objective` itself is changed; with "ddp"
    each keeps all, and gradients are averaged. A network on the meta device, which has shapes and no numbers, gets
    its first ones block by block as it is sharded, from the global generator: it never exists as a whole.

    Raises:
        ConfigError: several processes, and "none".
    """
    if sharding == "fsdp":
        return _sharded(objective, world)
    if world.size == 1:
        return objective
    if sharding == "none":
        raise ConfigError(f"{world.size} processes were started, and execution.sharding is none; set it to ddp or fsdp")
    return DistributedDataParallel(objective)


def _sharded(objective: nn.Module, world: World) -> nn.Module:
    """The network itself, of whose parameters this process keeps its share."""
    mesh = init_device_mesh(world.device.type, (world.size,))
    for block, index in blocks(objective):
        with _first_numbers(block, world.device) as empty:
            if empty:
                initialise_block(block, index)
        fully_shard(block, mesh=mesh)
    for module in objective.modules():
        with _first_numbers(module, world.device, recurse=False) as empty:
            if isinstance(module, nn.Linear) and empty:
                initialise_linear(module)
            elif empty:
                module.reset_parameters()  # type: ignore[operator]
    fully_shard(objective, mesh=mesh)
    for method in ("counts", "picture"):
        if hasattr(objective, method):
            register_fsdp_forward_method(objective, method)
    return objective


@contextmanager
def _first_numbers(module: nn.Module, device: torch.device, *, recurse: bool = True) -> Iterator[bool]:
    """The block in which a module from the meta device is filled; says whether it is one."""
    owners = [owner for owner in (module.modules() if recurse else [module]) if _is_on_meta(owner)]
    dtype = next((weight.dtype for owner in owners for weight in owner.parameters(recurse=False)), None)
    # Drawn in float32, whatever they are kept in: bfloat16 has too few numbers for a normal distribution.
    _replace(owners, lambda weight: torch.empty(weight.shape, device=device))
    yield bool(owners)
    _replace(owners, lambda weight: weight.to(dtype))


def _is_on_meta(module: nn.Module) -> bool:
    """Whether parameters of the module itself have shapes only."""
    return any(weight.is_meta for weight in module.parameters(recurse=False))


def _replace(modules: Iterable[nn.Module], change: Callable[[Tensor], Tensor]) -> None:
    """Put other parameters in the place of those that the modules themselves hold."""
    for module in modules:
        for name, weight in list(module.named_parameters(recurse=False)):
            setattr(module, name, nn.Parameter(change(weight.detach()), requires_grad=weight.requires_grad))


def synchronised(network: nn.Module, last: bool) -> AbstractContextManager[None]:
    """The block in which one part of a step is computed; gradients go over the network after the last part alone."""
    if isinstance(network, FSDPModule):
        network.set_requires_gradient_sync(last)
    elif isinstance(network, DistributedDataParallel) and not last:
        return network.no_sync()
    return nullcontext()


def local(tensor: Tensor) -> Tensor:
    """What this process holds of a tensor; shares memory with it."""
    return tensor.to_local() if isinstance(tensor, DTensor) else tensor


def complete(tensor: Tensor) -> Tensor:
    """A tensor put together from all processes, each of which must ask."""
    return tensor.full_tensor() if isinstance(tensor, DTensor) else tensor


@torch.no_grad()
def clip_gradients(parameters: Iterable[Tensor], largest: float, world: World) -> float:
    """Scale gradients down to a norm of at most `largest` (0: leave them), and return the norm they had.

    The squares are summed in float64 and the root is rounded to float32, so that it does not matter into how many
    shares the sum was split.
    """
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    squares = [torch.linalg.vector_norm(local(gradient), dtype=torch.float64).square() for gradient in gradients]
    summed = torch.stack(squares).sum()
    sharded = isinstance(gradients[0], DTensor)
    square = world.sums({"square": summed})["square"] if sharded else float(summed)
    norm = float(torch.tensor(square, dtype=torch.float64).sqrt().float())
    if largest and norm > largest:
        for gradient in gradients:
            local(gradient).mul_(largest / norm)
    return norm
