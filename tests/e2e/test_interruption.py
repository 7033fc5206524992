"""A run that is killed resumes, and nobody can tell from its result."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

QUICK = ("size=toy", "training.steps=60", "num_members=2", "pixels_per_batch=2048", "tile=16", "overlap=4")
# the command line itself, which knows a network small enough for a test
COMMAND = """
import sys
from hypersigma.cli import main
from tests.fakes.networks import toy_size
with toy_size():
    sys.exit(main(sys.argv[1:]))
"""
ROOT = Path(__file__).parents[2]


def test_a_run_that_is_killed_goes_on_to_the_same_result(scene: Path, labels: Path, tmp_path: Path) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"

    def start(out: Path) -> subprocess.Popen[bytes]:
        line = [sys.executable, "-c", COMMAND, "run", "classification", str(scene), "--labels", str(labels)]
        line += ["-o", str(out), "--device", "cpu", *(token for item in QUICK for token in ("--set", item))]
        return subprocess.Popen(line, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    first = start(killed)
    work = tmp_path / ".killed.work"
    while first.poll() is None and not list(work.glob("member-1-*.pt")):
        time.sleep(0.01)
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert first.returncode == -signal.SIGKILL, "it was over before it could be killed"
    assert not killed.exists()
    second, undisturbed = start(killed), start(whole)
    assert b"resuming" in second.communicate()[1]
    undisturbed.communicate()
    for name in ("map.tif", "confidence.tif", "model/model.safetensors"):
        assert (killed / name).read_bytes() == (whole / name).read_bytes(), name
    assert not work.exists()
