"""The benchmark: how fast the real program takes alerts in, tells people of them, and comes back."""
