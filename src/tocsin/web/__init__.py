"""The HTTP side: the front door for deliveries, the console, health and metrics."""
