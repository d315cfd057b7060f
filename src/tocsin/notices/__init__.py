"""Notices: what people are told once about a lasting trouble, and once when it is over."""
