"""What a process tells of itself: its metrics, its traces, and the alerts that people are to have of them.

Here belong the tables of metrics and alerts, the meter that a process counts on, and the tracer. Nothing here knows
what it is that is counted: who counts is given a `Telemetry`, and who does not care takes one that nobody reads.
"""
