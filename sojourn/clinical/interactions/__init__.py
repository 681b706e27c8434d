"""What a person's other medicines do to ketamine, and it to them."""
