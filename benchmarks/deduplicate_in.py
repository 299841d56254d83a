"""``corpusmill`` with settings of Spark in place of the local defaults: JSON COMMAND…"""

import json
import sys

from jobs import session
from jobs.cli import main

if __name__ == "__main__":
    session.LOCAL.update(json.loads(sys.argv.pop(1)))
    main()
