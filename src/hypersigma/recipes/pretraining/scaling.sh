#!/bin/bash
# How probes grow with network and corpus: seven short pre-training runs on parts of the corpus, and their linear probes.
# Command: PYTHON=.venv/bin/python bash scaling.sh DATA, after corpus.sh; HYPERSIGMA_DATA names the folder of the scenes
# Cost: 2 hours on one core with AVX-512 and AMX, and 2.5 GB of disk for 1088 simulated scenes.
# Expected: DATA/scaling.jsonl and scaling.png, the table of docs/probe.md. A run that was interrupted goes on.
set -euo pipefail

python=${PYTHON:-python}
[[ $python != */* ]] || python=$(cd "$(dirname "$python")" && pwd)/$(basename "$python")
recipes=$(cd "$(dirname "$0")" && pwd)
cd "$1"

# NAME SIZE PART STEPS: one PART-th of 1088 scenes, those of a smaller part among those of a larger one
run() {
  local part=corpus/simulated_$3.yaml
  sed "s/^sensors:.*/sensors: {aviris: $((448 / $3)), enmap: $((256 / $3)), hyperion: $((192 / $3)), \
emit: $((128 / $3)), aviris_ng: $((64 / $3))}/" corpus/simulated.yaml > "$part"
  "$python" -m hypersigma pretrain --config "$recipes/tiny.yaml" -o "runs/$1" --resume --set size="$2" \
    --set optimisation.steps="$4" --set optimisation.warmup=12 --set optimisation.precision=bf16 \
    --set "data={sources: [{source: simulated, corpus: $part, keep: corpus/pairs, weight: 0.95}, \
{source: store, path: corpus/real, weight: 0.05}]}"
}

run tiny-17 tiny 64 120
run tiny-68 tiny 16 120
run tiny-272 tiny 4 120
run tiny-1088 tiny 1 120
run tiny-1088-long tiny 1 360
run small-1088 small 1 120
run small-1088-long small 1 360

"$python" -m hypersigma benchmark indian_pines --json-file scaling.jsonl --scaling runs/tiny-17 runs/tiny-68 \
  runs/tiny-272 runs/tiny-1088 runs/tiny-1088-long runs/small-1088 runs/small-1088-long tiny
