"""Which images are wanted, what each is made from, and the steps by which it comes to be. Pure."""
