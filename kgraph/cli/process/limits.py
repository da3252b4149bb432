"""How many files a process may have open: through a proxy each watch is a connection, and a cluster has sixty."""

import structlog

log = structlog.get_logger(__name__)

# A hundred clusters of sixty kinds, the connections to Neo4j, the API's callers.
WANTED_FILES = 10_000


def raise_file_limit() -> None:
    """Raise the process's own limit to what the system lets it have; say so where that is less than is wanted."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = WANTED_FILES if hard == resource.RLIM_INFINITY else min(hard, WANTED_FILES)
    if 0 <= soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        log.debug("more files may be open", before=soft, now=most)
    if most < WANTED_FILES:
        log.info("few files may be open: through proxies a cluster needs sixty", most=most, advice="raise `ulimit -Hn`")
