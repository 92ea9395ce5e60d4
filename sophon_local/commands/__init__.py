"""What the command line does besides serving. Each is imported when it is called."""
