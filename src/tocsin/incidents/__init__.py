"""Incidents: alerts merge into them, people are asked along a ladder until somebody answers."""
