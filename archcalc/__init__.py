"""archcalc: what does this neural network cost, and why?"""

__version__ = "0.1.0"
