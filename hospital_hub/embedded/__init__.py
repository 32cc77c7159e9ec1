"""The one-machine hub: real servers from wheels, started and watched as separate processes.

Nothing here is imported by the hub itself; in production each part is a URL in the settings.
"""
