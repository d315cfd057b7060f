"""The concierge: answers what people want of the bot in any chat, with what the rest of the house knows."""
