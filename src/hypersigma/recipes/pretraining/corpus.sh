#!/bin/bash
# The corpus that tiny.yaml is trained on, in the folder `corpus` of DATA.
# Command: PYTHON=.venv/bin/python bash corpus.sh DATA
# DATA is the folder with the libraries and crops that corpus_simulated.yaml and corpus_real.yaml name; the photographs
# are copied there out of scikit-learn and scikit-image, unless they are there. Pre-training makes and keeps simulated
# scenes itself: for them `corpus` gets their file, for real crops a store. PYTHON is the interpreter that hypersigma is
# installed for; without it, `python`. A run that was interrupted goes on.
set -euo pipefail

python=${PYTHON:-python}
# a path must hold from DATA, too
[[ $python != */* ]] || python=$(cd "$(dirname "$python")" && pwd)/$(basename "$python")
recipes=$(cd "$(dirname "$0")" && pwd)
cd "$1"
mkdir -p corpus
cp "$recipes/corpus_simulated.yaml" corpus/simulated.yaml

"$python" - <<'PHOTOGRAPHS'
import shutil, sys
from importlib.util import find_spec
from pathlib import Path

names = {
    "sklearn": ("datasets/images/china.jpg", "datasets/images/flower.jpg"),
    "skimage": tuple(f"data/{name}" for name in (
        "gravel.png", "grass.png", "brick.png", "coffee.png", "rocket.jpg", "moon.png"
    )),
}
for package, files in names.items():
    for file in files:
        source, target = Path(find_spec(package).origin).parent / file, Path("photographs", Path(file).name)
        if target.exists():
            continue
        if not source.exists():
            sys.exit(
                f"{source}: this version of {package} lacks it; put a photograph of your own at {target.resolve()}, or "
                "harvest a copy of corpus_simulated.yaml without its line"
            )
        target.parent.mkdir(exist_ok=True)
        shutil.copy(source, target)
PHOTOGRAPHS

"$python" -m hypersigma harvest "$recipes/corpus_real.yaml" -o corpus/real --resume \
  --max-blank 1 --max-missing 1 --max-dead 0.5 --keep-duplicates
