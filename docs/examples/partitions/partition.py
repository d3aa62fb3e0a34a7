import os
import random
from kestra import Kestra
filename = os.environ['KESTRA_TASKRUN_VALUE']
print(f"Reading and processing partition {filename}")
nr_rows = random.randint(1, 1000)
processing_time = random.randint(1, 20)
Kestra.counter('nr_rows', nr_rows, {'partition': filename})
Kestra.timer('processing_time', processing_time, {'partition': filename})
