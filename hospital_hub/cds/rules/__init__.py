"""What the cards say, as decisions: pure functions from a chart to findings. No words, no clock, no I/O."""
