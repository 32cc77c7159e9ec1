"""Batches for researchers: many questions handed in at once, answered when people leave room, none of them lost."""
