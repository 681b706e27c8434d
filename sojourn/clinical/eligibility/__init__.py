"""Who may be treated: facts about a person and the clinic's rules go in, findings with reasons come out."""
