"""`python -m holdfast`: the same command line."""

from holdfast.front.cli.main import run

if __name__ == "__main__":
    run()
