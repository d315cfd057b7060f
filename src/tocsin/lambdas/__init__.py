"""What AWS Lambda calls: one thin module for each function, each with a `handler(event, context)`."""
