"""Heartbeats: a dead man's switch. Silence is an alert."""
