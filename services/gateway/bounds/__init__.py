"""What keeps one caller, or one server that hangs, from holding up everybody else."""
