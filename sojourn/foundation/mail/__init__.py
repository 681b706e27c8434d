"""E-mail: written in the action's transaction, sent by the jobs process."""
