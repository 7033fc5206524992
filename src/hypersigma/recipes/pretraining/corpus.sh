#!/bin/bash
# Both stores of the corpus that tiny.yaml is trained on.
# Command: bash corpus.sh DATA OUTPUT
# DATA is the folder with the libraries, crops and photographs that corpus_simulated.yaml and corpus_real.yaml name;
# OUTPUT gets `simulated` and `real`, and is called `corpus` in the recipes. A run that was interrupted goes on.
set -euo pipefail

recipes=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$2"
output=$(cd "$2" && pwd)
cd "$1"
hypersigma harvest "$recipes/corpus_simulated.yaml" -o "$output/simulated" --resume
hypersigma harvest "$recipes/corpus_real.yaml" -o "$output/real" --resume \
  --max-blank 1 --max-missing 1 --max-dead 0.5 --keep-duplicates
