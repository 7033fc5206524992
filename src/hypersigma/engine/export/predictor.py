"""A scene (bands, rows, cols) through an exported model: python predict.py SCENE.npy OUT.npz.

It stands beside the graphs and card.json, which says what the bands and their numbers must be (NaN = no data), and
needs NumPy and ONNX Runtime alone.
"""

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

STRIP, BATCH = 128, 8  # rows brought to channels at once, tiles seen at once


def predict(scene: Any, card: Any, labels: Any, run: Any) -> dict[str, Any]:
    """Layers by name; `run(stage, **arrays)` computes a graph, `labels` are those of scenes learned from."""
    count, rows, cols = scene.shape
    tile, overlap, halo = card["tile"], card["overlap"], card["halo"]
    if count != card["bands"]["count"] or min(rows, cols) < tile:
        raise SystemExit(f"expected {card['bands']['count']} bands of {tile} x {tile} pixels or more: {scene.shape}")
    strips = []
    for row in range(0, rows, STRIP):
        first = max(0, row - halo)
        seen = run("front", bands=np.ascontiguousarray(scene[:, first : row + STRIP + halo], dtype=np.float32))
        strips.append([part[:, row - first : row - first + STRIP] for part in seen])
    channels, bonds = (np.concatenate(parts, axis=1) for parts in zip(*strips, strict=True))
    edge = np.minimum(np.arange(tile), np.arange(tile)[::-1]) + 1.0
    ramp = np.minimum(edge / (overlap + 1.0), 1.0).astype(np.float32)
    places = [(row, col) for row in starts(rows, tile, overlap) for col in starts(cols, tile, overlap)]
    total: Any = None
    weight: Any = None
    for index in range(0, len(places), BATCH):
        cuts = [(slice(row, row + tile), slice(col, col + tile)) for row, col in places[index : index + BATCH]]
        (answers,) = run("network", channels=np.stack([channels[:, *cut] for cut in cuts]))
        for cut, answer in zip(cuts, answers, strict=True):
            if total is None:
                total, weight = np.zeros((len(answer), rows, cols), np.float32), np.zeros((rows, cols), np.float32)
            known = np.isfinite(answer).all(axis=0)
            total[:, *cut] += np.where(known, answer * np.outer(ramp, ramp), 0.0)
            weight[cut] += np.where(known, np.outer(ramp, ramp), 0.0)
    quantities = total / np.where(weight > 0, weight, np.nan)
    taught = np.zeros((rows, cols), np.int32)
    row, col, value = labels.get(fingerprint(scene), np.zeros((0, 3), int)).T
    taught[row, col] = value
    layers = (
        run("finish", quantities=quantities, bonds=bonds, labels=taught) if "finish" in card["graphs"] else [quantities]
    )
    return dict(zip(card["layers"], layers, strict=True))


def starts(length: int, tile: int, overlap: int) -> list[int]:
    """First pixels of the tiles along a side."""
    count = max(1, -(-(length - tile) // (tile - overlap)) + 1)
    return [round(index * (length - tile) / max(count - 1, 1)) for index in range(count)]


def fingerprint(scene: Any) -> str:
    """What tells a scene from any other."""
    rows = scene.shape[1]
    some = (
        np.ascontiguousarray(scene[:, row : row + 1], dtype=np.float32) for row in (rows // 4, rows // 2, 3 * rows // 4)
    )
    return hashlib.sha256(repr(scene.shape).encode() + b"".join(part.tobytes() for part in some)).hexdigest()[:32]


def main(scene: str, out: str) -> None:
    """Write the layers of a scene."""
    import onnxruntime

    folder = Path(__file__).parent
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    graphs = {stage: onnxruntime.InferenceSession(folder / f"{stage}.onnx") for stage in card["graphs"]}

    def run(stage: str, **arrays: Any) -> Any:
        wanted = [put.name for put in graphs[stage].get_inputs()]
        return graphs[stage].run(None, {name: arrays[name] for name in wanted})

    np.savez(out, **predict(np.load(scene), card, dict(np.load(folder / "labels.npz")), run))


if __name__ == "__main__":
    main(*sys.argv[1:])
