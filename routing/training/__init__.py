"""Fits the task and need models. Pure: texts and labels in, weights out; the command line reads and writes files."""
