"""What holds for all tests."""

from hypothesis import settings

# The same examples in every run: a change is judged by its own doing. To search for new ones:
# pytest --hypothesis-profile=search
settings.register_profile("same", derandomize=True)
settings.register_profile("search", max_examples=2_000)
settings.load_profile("same")
