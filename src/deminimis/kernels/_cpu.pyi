"""What the processor offers: native, and compiled for any."""

def level() -> int:
    """The level of x86-64 that the machine and its system have: 3 or 4; 0 for less, and on other machines."""
