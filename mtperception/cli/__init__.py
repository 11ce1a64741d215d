"""The `mtperception` command: one module a verb, each imported only for its own."""
