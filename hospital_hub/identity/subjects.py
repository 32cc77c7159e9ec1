"""The one name of a patient for the vault's keys and for the audit: the FHIR server that knows the patient, and the id.

Whoever keeps something of a patient uses this name, so that erasing the patient reaches all of it.
"""


def subject_of(issuer: str, patient: str) -> str:
    """`issuer` is a FHIR base without a slash at its end, `patient` a bare id."""
    return f"{issuer}|Patient/{patient}"
