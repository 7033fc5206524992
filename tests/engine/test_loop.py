"""The training loop: its schedule, and checkpoints that are resumed from, or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from hypersigma.engine import loop
from hypersigma.engine.checkpoint import load_checkpoint, save_checkpoint
from hypersigma.engine.loop import learning_rate, train
from hypersigma.tasks._contract import Batch, Task, TrainingConfig

CONFIG = TrainingConfig(steps=12, learning_rate=0.1, warmup=3)


class Line(nn.Module):
    """A line through points, with a dropout that draws at every step."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(2, 1)
        self.dropout = nn.Dropout(0.5)
        self.frozen = nn.Parameter(torch.ones(1), requires_grad=False)
        nn.init.ones_(self.layer.weight)
        nn.init.zeros_(self.layer.bias)

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        return {"loss": (self.layer(self.dropout(batch.image)) - batch.target).square().mean()}


def batches(step: int) -> Batch:
    image = torch.rand((16, 2), generator=torch.Generator().manual_seed(step))
    return Batch(image, 3 * image[:, :1] - 1)


def trained(config: TrainingConfig = CONFIG, **changes: object) -> tuple[Line, list[tuple[int, float]]]:
    line = Line()
    return line, train(line, batches, config, 7, **changes)  # type: ignore[arg-type]


def test_the_rate_rises_and_falls() -> None:
    rates = [learning_rate(CONFIG, step) for step in range(CONFIG.steps)]
    assert max(rates) <= CONFIG.learning_rate
    peak = rates.index(max(rates))
    assert peak == 3
    assert rates[: peak + 1] == sorted(set(rates[: peak + 1]))
    assert rates[peak:] == sorted(set(rates[peak:]), reverse=True)
    assert rates[0] == pytest.approx(0.1 / 4)
    assert 0 < rates[-1] < 0.1 * CONFIG.learning_rate
    assert learning_rate(TrainingConfig(steps=5, learning_rate=1.0, warmup=0), 0) == 1.0


def test_it_learns_and_says_how() -> None:
    told: list[int] = []
    line, curve = trained(TrainingConfig(steps=60, learning_rate=0.1), advance=told.append)
    assert [step for step, _ in curve] == list(range(60))
    assert told == list(range(1, 61))
    assert sum(loss for _, loss in curve[-10:]) < 0.7 * sum(loss for _, loss in curve[:10])
    assert not line.training
    assert line.frozen.item() == 1


def test_vectors_do_not_decay_and_matrices_do() -> None:
    line = Line()
    line.layer.weight.register_hook(torch.zeros_like)
    line.layer.bias.data.fill_(1.0)
    line.layer.bias.register_hook(torch.zeros_like)
    train(line, batches, TrainingConfig(steps=5, weight_decay=0.5, learning_rate=0.1), 0)  # type: ignore[arg-type]
    assert line.layer.bias.item() == 1.0
    assert (line.layer.weight < 0.99).all()


@pytest.mark.parametrize("clip", [0.0, 1e-3])
def test_gradients_are_clipped(clip: float) -> None:
    line = Line()
    seen: list[float] = []
    optimizer_step = torch.optim.AdamW.step

    def step(self: torch.optim.AdamW, closure: None = None) -> None:
        seen.append(float(line.layer.weight.grad.norm()))  # type: ignore[union-attr]
        optimizer_step(self, closure)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.optim.AdamW, "step", step)
        train(line, batches, TrainingConfig(steps=3, clip=clip), 0)  # type: ignore[arg-type]
    assert all(norm <= 1.01e-3 for norm in seen) == bool(clip)


@pytest.mark.parametrize("stop", [1, 4, 9])
def test_a_resumed_run_is_an_uninterrupted_one(stop: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "_SAVE_EVERY", 2)
    path = tmp_path / "member.pt"
    expected, curve = trained()

    @dataclass
    class Killed(Exception):
        step: int

    def kill(step: int) -> None:
        if step == stop:
            raise Killed(step)

    with pytest.raises(Killed):
        trained(checkpoint=path, advance=kill)
    assert path.exists() == (stop > 1)
    resumed, again = trained(checkpoint=path)
    assert again == curve
    assert all(torch.equal(one, two) for one, two in zip(expected.parameters(), resumed.parameters(), strict=True))
    # Finished work is not done again.
    told: list[int] = []
    trained(checkpoint=path, advance=told.append)
    assert told == []


def adam(network: nn.Module) -> torch.optim.AdamW:
    return torch.optim.AdamW(network.parameters())


def other_network(path: Path) -> None:
    save_checkpoint(path, nn.Linear(3, 3), adam(nn.Linear(3, 3)), [], 5)


def other_optimizer(path: Path) -> None:
    line = Line()
    nn.init.zeros_(line.layer.weight)
    save_checkpoint(path, line, torch.optim.AdamW([line.layer.bias]), [], 5)


def half_of_it(path: Path) -> None:
    line = Line()
    save_checkpoint(path, line, adam(line), [(0, 1.0)], 5)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@pytest.mark.parametrize(
    "damage",
    [other_network, other_optimizer, half_of_it, lambda path: path.write_bytes(b""), lambda path: torch.save([], path)],
)
def test_what_does_not_fit_is_left_alone(damage: object, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "member.pt"
    damage(path)  # type: ignore[operator]
    line, curve = Line(), [(0, 1.0)]
    optimizer = adam(line)
    assert load_checkpoint(path, line, optimizer, curve) == 0
    assert "cannot be resumed from" in caplog.text
    assert all(torch.equal(one, two) for one, two in zip(line.parameters(), Line().parameters(), strict=True))
    assert optimizer.state_dict()["state"] == {}
    assert curve == [(0, 1.0)]


def test_a_task_is_an_idea_until_it_is_written() -> None:
    with pytest.raises(TypeError, match="abstract"):
        Task()  # type: ignore[abstract]
