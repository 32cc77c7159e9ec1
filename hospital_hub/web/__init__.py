"""The page shell of every surface: look, language, security headers and the one form of an error.

Knows no patient, no model and no slice; `hospital_hub.web.shell.install` puts it around an application.
"""
