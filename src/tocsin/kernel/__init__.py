"""The smallest common ground: time as integers, JSON as values, and what a machine is."""
