"""One reader per family of formats. A reader takes a file and a builder, and imports its library when it is called."""
