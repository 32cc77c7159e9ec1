"""PostgreSQL: the unit of work, the outbox, per-patient encryption, migrations. Knows no user and no rule."""
