"""What people want of the bot, and what it answers, whichever chat they are in."""
