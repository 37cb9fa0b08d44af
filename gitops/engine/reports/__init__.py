"""What is told of resources: their conditions, why they are as they are, and what to do."""
