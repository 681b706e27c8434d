"""Help now: whom to call, on every page there is. Portal, entry and escort show it; it knows none of them."""
