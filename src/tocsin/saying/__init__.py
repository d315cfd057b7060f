"""What a message says, written once: every chat only draws it."""
