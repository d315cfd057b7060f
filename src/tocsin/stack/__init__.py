"""The stack in the team's own AWS account: the template, what is checked of it, and what it costs. Pure."""
