"""What is run by hand or by make: nothing here is in the wheel."""
