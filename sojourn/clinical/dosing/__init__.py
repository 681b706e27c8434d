"""From milligrams per kilogram to a syringe or a pump rate, with units in the types."""
