"""The OpenAPI document of all that is answered over HTTP: tables, one row an operation."""
