"""The demonstration EMR: plays the hospital's own record system around the hub's side panel.

Logs doctors in, shows charts, authorises SMART apps and lets them at the FHIR server only as far as their scopes go.
It shares no code with `integrations.smart`: two sides written apart do not hide each other's mistakes.
"""
