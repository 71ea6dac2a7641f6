"""The command line ``fallline``: reads words, calls the library, prints what came of it."""
