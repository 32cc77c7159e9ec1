"""CDS Hooks for the hospital's EMRs: cards from rules and facts at once, and what became of them.

No hook asks a model, writes to a chart or proposes an order; a card informs, and leads to the side panel.
"""
