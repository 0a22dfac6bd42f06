"""The reading process: opens a file that nobody has checked yet, in a process of its own with hard limits.

Nothing here imports the web framework: the process must start in hundredths of a second.
"""
