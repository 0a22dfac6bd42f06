"""The benchmarks: what the application does, each beside the least that it could cost on the same machine."""
