"""`python -m redshank`: the same program by another name, for who knows the interpreter and not where scripts lie."""

from redshank.commands import main

if __name__ == "__main__":
    main()
