"""Pages by e-mail: a letter in plain text, handed to the team's own mail server."""
