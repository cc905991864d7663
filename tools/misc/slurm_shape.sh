# Sourced by srun.sh and sbatch.sh: sets `shape` to the job's size and name,
# from $partition and $job.
gpus=${GPUS:-8}
per_node=${GPUS_PER_NODE:-$((gpus < 8 ? gpus : 8))}
read -ra extra <<<"${SRUN_ARGS:-}"
shape=(--partition="$partition" --job-name="$job"
    --gres=gpu:"$per_node" --ntasks="$gpus" --ntasks-per-node="$per_node"
    --cpus-per-task="${CPUS_PER_TASK:-4}"
    ${extra[@]+"${extra[@]}"})
