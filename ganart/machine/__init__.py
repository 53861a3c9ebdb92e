"""The machine: devices, threads, processes started by others."""
