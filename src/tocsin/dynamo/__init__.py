"""The store on DynamoDB: one table, any number of functions at the same time."""
