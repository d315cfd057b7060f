"""What ways out have in common: one message for all pages that wait for a person, and one request to a vendor."""
