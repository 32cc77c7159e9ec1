"""What happened to patient data: one event in the same transaction as each access. Never the data itself."""
