"""The door: invitations, signing in, second factors, and where one is signed in. For strangers and everybody."""
