"""JSONata in a bounded time and memory, for what strangers and teams wrote."""
