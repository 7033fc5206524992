"""Every reference file in this folder passes or is of a kind not built yet."""

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
