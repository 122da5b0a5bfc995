"""What ``realtime new-provider`` writes: a distribution with a provider that works, to be filled in.

`names` derives every name from the provider's, `rendering` makes the files, `writing` puts them on the disk;
`templates` holds what all have (``common``) and what each dialect has.
"""

from realtime_core.scaffold.names import Names, check_free, names_of
from realtime_core.scaffold.rendering import DIALECTS, LICENSES, Mark, find_marks, render
from realtime_core.scaffold.writing import write_new

__all__ = [
    "DIALECTS",
    "LICENSES",
    "Mark",
    "Names",
    "check_free",
    "find_marks",
    "names_of",
    "render",
    "write_new",
]
