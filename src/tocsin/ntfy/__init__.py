"""Pages by push notification: an ntfy topic for each person, on the public server or the team's own."""
