"""The one place where routing meets the models: decide, ask, fall back, account, audit."""
