"""The HTTP face: staff, the outside's webhooks, health. It translates and never decides."""
