"""The hub: who may ask, in what order things happen, what is kept. One folder a user group."""

__version__ = "0.1.0"
