"""When things run: the clockwork and what it starts. Each task is a sentence; the rules are in `app`."""
