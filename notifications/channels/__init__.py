"""The ways out: one module for each gateway, all behind the words of `channels.base`."""
