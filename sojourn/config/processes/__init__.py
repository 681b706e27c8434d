"""What runs for `sojourn up`: the supervisor, the database, and the processes beside the web."""
