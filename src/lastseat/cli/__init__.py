"""The command `lastseat`: a thin layer over the library, for people and scripts at a terminal.

A file for each group of commands; `app.py` puts them together and turns errors into one line.
Answers go to stdout; progress, questions and errors to stderr. Exit code 0: done; 1: it could not
be done, or `verify` found something; 2: wrong usage; 130: interrupted.
"""


def main() -> None:
    """Run the command that the arguments name; always raises `SystemExit`."""
    try:
        # Here, since loading takes a moment in which Ctrl-C may come.
        from lastseat.cli.app import run

        run()
    except KeyboardInterrupt:
        raise SystemExit(130) from None
