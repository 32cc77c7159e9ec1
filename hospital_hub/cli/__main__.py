"""`python -m hospital_hub.cli`, for processes that start others without a script on the PATH."""

from hospital_hub.cli.app import app

app()
