"""The demonstration: the real server, a team of simulated responders, and half an hour of alerts in half a minute."""
