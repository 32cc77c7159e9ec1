"""Formats and wires to the outside: vLLM, FHIR, SMART. Takes no decision, knows no database and no user."""
