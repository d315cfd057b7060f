"""The SQLite store: one file, one writer, everything durable before it is acknowledged."""
