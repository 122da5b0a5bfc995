"""What stands between a program and the first word of a provider, checked step by step.

`examine` tries them in order and stops at the first that fails. `steps` has the values, `examination` the
order, `course` the record; `way` and `network` go to an address, `conversation` talks with the service.
Without I/O are `address`, `origins` and `troubles`: where to, from whom, and what helps.
Knows nothing of any vendor: where a service is, `realtime_core.provider.Provider.endpoint` says.
"""

from realtime_core.doctor.course import Listener
from realtime_core.doctor.examination import Patience, examine
from realtime_core.doctor.steps import Report, Status, Step, StepName

__all__ = ["Listener", "Patience", "Report", "Status", "Step", "StepName", "examine"]
