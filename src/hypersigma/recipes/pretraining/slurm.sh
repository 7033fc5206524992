#!/bin/bash
# Pre-training on several machines of a SLURM cluster.
# Command: sbatch --nodes=4 --export=ALL,RECIPE=tiny.yaml,OUTPUT=runs/tiny slurm.sh
# One torchrun a machine starts one process a device. A job that was preempted is queued again and resumes by itself;
# OUTPUT must lie on a file system that all machines see.
#SBATCH --job-name=hypersigma-pretrain
#SBATCH --ntasks-per-node=1
#SBATCH --gpus-per-node=8
#SBATCH --cpus-per-task=64
#SBATCH --requeue
#SBATCH --open-mode=append
set -euo pipefail

first_machine=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
export OMP_NUM_THREADS=$((SLURM_CPUS_PER_TASK / SLURM_GPUS_ON_NODE))

srun torchrun \
  --nnodes="$SLURM_JOB_NUM_NODES" \
  --nproc-per-node="$SLURM_GPUS_ON_NODE" \
  --rdzv-id="$SLURM_JOB_ID" \
  --rdzv-backend=c10d \
  --rdzv-endpoint="$first_machine:29500" \
  -m hypersigma pretrain --config "$RECIPE" -o "$OUTPUT" --resume
