"""The memory of this process."""

import os
import resource
import sys
from pathlib import Path


def resident_bytes() -> int:
    """Main memory that this process holds; where the system does not tell, the most that it ever held."""
    if sys.platform == "darwin":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
