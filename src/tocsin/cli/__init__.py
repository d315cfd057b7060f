"""The commands that people and scripts give."""
