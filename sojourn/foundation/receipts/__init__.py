"""What has arrived from a device, so that what is sent twice is taken once."""
