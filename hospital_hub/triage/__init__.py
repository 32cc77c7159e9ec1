"""Triage: the kiosk takes a complaint, rules find danger, a model asks one question, a nurse decides the level."""
