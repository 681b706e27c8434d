"""A bedside monitor that does not exist: a program of its own that speaks real HL7 over TCP."""
