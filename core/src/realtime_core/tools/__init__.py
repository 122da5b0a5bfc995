"""Plain functions as tools of the model: definition, arguments, results, and threads for those that block.

Pure but for the threads; who runs a call, when, and for how long is the session engine's. `tool` is where it
begins. What reads functions loads with the first `Tool`, what makes calls with the first session.
"""

__all__: list[str] = []
