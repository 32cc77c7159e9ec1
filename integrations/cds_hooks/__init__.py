"""CDS Hooks 2.0.1, the service's side, shaped so that 3.0 fits: requests, cards, feedback, the client's token.

Formats alone: says by name what a peer sent wrongly, and decides nothing. Source: https://cds-hooks.hl7.org/2.0/
"""
