"""Pages by SMS and by a call, through Twilio."""
