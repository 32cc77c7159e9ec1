"""Finds what names a person in a text: rules about identifiers over reviewable word lists, never a model."""
