"""What happens and when: deterministic, holding ids and timers and nothing else."""
