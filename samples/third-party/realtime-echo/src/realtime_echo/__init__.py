"""A service that repeats what it is told, over a protocol of its own, and the provider ``echo-ws`` for it.

A text frame is one JSON object; every key in it is a meaning of its own, in their order. A binary frame is
audio: PCM16, 16 kHz, mono. There are no ids, no turns, and no answers to what the client does.

=================  ==========================================================================
the client says
``setup``          the first frame: ``voice``, ``instructions``, ``functions``
``say``            a text
``result``         of a call: ``call`` (its id), ``output``
the service says
``ready``          the session begins; its name
``said``           a piece of the assistant's words
``call``           a function is to be called: ``id``, ``name``, ``arguments``. When all results are
                   there, the service goes on by itself
``interrupted``    the user spoke while the assistant did, who is silent now
``error``          ``code`` and ``message``
=================  ==========================================================================
"""
