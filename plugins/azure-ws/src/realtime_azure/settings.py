"""Session settings of Azure: OpenAI's, where a model is a deployment. Pure."""

import attrs
from realtime_openai_wire import OpenAIRealtimeExecutionSettings

__all__ = ["AzureRealtimeExecutionSettings"]


@attrs.frozen(kw_only=True)
class AzureRealtimeExecutionSettings(OpenAIRealtimeExecutionSettings):
    """`OpenAIRealtimeExecutionSettings`; ``model`` is the name of a deployment, and wins over the option's.

    The models of Azure lag behind OpenAI's: one may refuse a setting that it does not know, such as
    ``reasoning``.
    """
