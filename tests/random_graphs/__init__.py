"""Random networks, and a second opinion on each: PyTorch's, on its meta device.

A network is a plain data tree (`tree`). `generator` makes one from a seed, `spec` writes it as
spec text for archcalc, `torch_nets` runs it as torch modules, and `compare` puts the two answers
side by side, layer by layer. Nothing here but `compare` imports archcalc, and nothing but
`torch_nets` imports torch: the two sides meet only in their figures.

    python -m tests.random_graphs --count 2000 --seed 1      # a campaign; prints every difference
    python -m tests.random_graphs --store 2000 FILE          # write the stored answers anew
    python -m tests.random_graphs --show 17                  # one network: its spec and figures
"""
