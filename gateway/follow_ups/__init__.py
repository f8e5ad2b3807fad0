"""Claims that follow another one: replacement (frequency 7), void (8), and the claim to the next payer."""
