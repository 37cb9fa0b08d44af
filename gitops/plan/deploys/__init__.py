"""Which content belongs where, and the steps that bring it there without a lost request. Pure."""
