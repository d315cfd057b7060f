"""The console: a full way to work in a browser, server-rendered, kept live by server-sent events."""
