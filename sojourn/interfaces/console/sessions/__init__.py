"""The pages of a session, from the arrival to the door."""
