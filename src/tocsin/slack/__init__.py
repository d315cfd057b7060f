"""Slack: incidents as messages that stay true, pages as direct messages, buttons as commands."""
