"""Noise: which alerts disturb without need, and remedies that a person applies with one click, and takes back. Pure."""
