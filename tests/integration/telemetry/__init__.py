"""What a process tells of itself, to a real Prometheus and a real receiver of traces."""
