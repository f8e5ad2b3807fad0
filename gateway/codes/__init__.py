"""Code tables that the customer imports: kept in the home, in the place of the shipped ones."""
