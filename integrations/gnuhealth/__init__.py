"""GNU Health 5 over the JSON-RPC of its Tryton server: patients out of it, evaluations into it and back."""
