"""Calendars as they are exchanged, iCalendar (RFC 5545): absences and holidays come in, shifts go out."""
