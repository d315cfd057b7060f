"""What AWS tells: a table with a row for each type of event, and one reader for all of them."""
