"""What is wrong with how telemetry is asked for.

TracesUnsupported   the environment asks for a way of exporting that this program does not have
"""


class TracesUnsupported(Exception):
    """The environment asks for a way of exporting that there is not; the message says what there is."""
