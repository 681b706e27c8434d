"""Monitors in: HL7 v2 over MLLP, read, answered, and handed to a store.

bytes -> framing.Deframer -> message.read -> listener (group commit through a Store) -> ack.answer -> bytes.
Codes, units, sentinels and places of identity live in dialects/*.toml, one file a maker.
"""
