"""`watch`: what wakes a loop, what it has begun, what it tries again, and what it says."""
