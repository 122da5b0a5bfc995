"""The small provider and its far end can be imported by the tests beside them."""

import sys
from pathlib import Path

# at the end: before the others this folder's conftest would be taken for that of the repository's own tests
sys.path.append(str(Path(__file__).parent))
