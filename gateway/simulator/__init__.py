"""The other end: a scripted payer and clearinghouse on a virtual clock."""
