"""Figures about decisions: quality, cost, shares, calibration, drift. Pure: values in, numbers out."""
