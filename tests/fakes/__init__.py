"""Servers at the wire that play the outside. Each has tests of its own."""
