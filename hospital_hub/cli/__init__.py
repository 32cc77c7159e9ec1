"""The command line `hospital-hub`. Each command parses, calls one function of the hub, and prints."""

from hospital_hub.cli.app import app

__all__ = ["app"]
