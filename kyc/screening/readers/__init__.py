"""The publishers' files, each read whole or refused whole."""
