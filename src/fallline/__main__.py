"""``python -m fallline``."""

from fallline.cli.main import main

main()
