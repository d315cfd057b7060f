"""Rules: what must follow when an event comes, a time has come, or somebody says a word."""
