"""The synthetic patients of the demonstration hospital: who they are, and how a FHIR server gets them."""
