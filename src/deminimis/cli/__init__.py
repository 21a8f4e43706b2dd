"""The shell's face: words in, sentences and exit codes out; one file a command."""
