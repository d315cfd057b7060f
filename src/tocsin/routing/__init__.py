"""Routing: which team is asked about an alert, along which ladder, and how seriously it is taken."""
