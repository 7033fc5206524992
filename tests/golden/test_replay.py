"""Every reference file in this folder passes or is of a kind not built yet."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.golden.replay import main, replay

FOLDER = Path(__file__).parent
BUILT = {
    "full_attention",
    "sample_attention",
    "pos_embed_resize",
    "spat_vit_fusion",
    "spat_vit_fusion_patch",
    "spec_vit_fusion",
    "fusion_classification",
    "fusion_segmentation",
    "anomaly_detection",
    "anomaly_detection_spatial",
    "target_detection",
    "target_detection_spatial",
    "change_detection",
    "multispectral_change",
    "unmixing",
    "denoising",
    "super_resolution",
    "spat_mae",
    "spec_mae",
}


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.npz")), ids=lambda path: path.stem)
def test_reference_file(path):
    result = replay(path)
    assert result.verdict == ("PASS" if path.stem in BUILT else "SKIP"), result.line()


def test_a_wrong_output_fails_with_exit_code_1(tmp_path, capsys):
    with np.load(FOLDER / "full_attention.npz") as file:
        arrays = dict(file)
    arrays["output/out"] = arrays["output/out"] + 1e-3
    np.savez(tmp_path / "renamed.npz", **arrays)
    assert main([str(tmp_path / "renamed.npz"), str(FOLDER / "sample_attention.npz")]) == 1
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("renamed.npz")
    assert "FAIL in out" in first
    assert second.endswith("PASS")


def test_a_damaged_file_fails(tmp_path):
    (tmp_path / "damaged.npz").write_bytes(b"PK not really")
    assert replay(tmp_path / "damaged.npz").verdict == "FAIL"


def changed(tmp_path, stem, change):
    """The replay of a reference file after a change to its settings and arrays."""
    with np.load(FOLDER / f"{stem}.npz") as file:
        arrays = dict(file)
    config = json.loads(str(arrays["config"]))
    change(config, arrays)
    arrays["config"] = np.array(json.dumps(config))
    np.savez(tmp_path / "changed.npz", **arrays)
    return replay(tmp_path / "changed.npz")


def add_layer_scale(config, arrays):
    config["args"]["init_values"] = 0.1
    for name in [name for name in arrays if name.startswith("state/blocks.") and name.endswith("norm1.weight")]:
        for gamma in ("gamma_1", "gamma_2"):
            arrays[name.replace("norm1.weight", gamma)] = np.ones_like(arrays[name])


def add_block(config, arrays):
    config["args"]["depth"] += 1
    for name in [name for name in arrays if name.startswith("state/blocks.3.")]:
        arrays[name.replace("blocks.3", "blocks.4")] = np.ones_like(arrays[name])


def drop_positions(config, arrays):
    del arrays["state/pos_embed"]
    config["args"]["use_abs_pos_emb"] = False


@pytest.mark.parametrize("stem", ["spat_vit_fusion", "spec_vit_fusion"])
def test_layer_scale_of_one_and_blocks_nobody_reads_change_nothing(tmp_path, stem):
    for change in (add_layer_scale, add_block):
        result = changed(tmp_path, stem, change)
        assert result.verdict == "PASS", result.line()


def test_state_that_matters_is_used(tmp_path):
    result = changed(tmp_path, "spat_vit_fusion", drop_positions)
    assert result.verdict == "FAIL"
    assert result.note.startswith("in feature0")


def rename(config, arrays):
    config["model"] = "Unheard"


def test_kinds_not_built_yet_are_named(tmp_path):
    assert changed(tmp_path, "denoising", rename).line() == "changed.npz  SKIP Unheard/denoising"
