"""Who asks, and what they may do: log-ins kept on the server, roles, one table of role and action."""
