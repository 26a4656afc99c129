"""`python -m ops` is `lienthong`."""

from ops.cli import main

if __name__ == "__main__":
    main()
