"""Microsoft Teams, through the HTTP interface of Microsoft's Bot Connector."""
