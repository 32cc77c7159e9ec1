"""FHIR R4 over HTTP: reads, searches, conditional writes; JSON is kept as received. Knows no hospital rule."""
