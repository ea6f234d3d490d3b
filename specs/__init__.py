"""The zoo: one YAML file for each family of architectures, with the figures it must give."""
