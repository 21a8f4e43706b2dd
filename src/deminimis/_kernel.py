"""The native kernel, by this one name whatever its level: what is loaded stands in this module's place."""

import sys
from importlib.util import module_from_spec, spec_from_file_location

from .kernels.choice import chosen_file

spec = spec_from_file_location(__name__, chosen_file())
assert spec is not None and spec.loader is not None
kernel = module_from_spec(spec)
spec.loader.exec_module(kernel)
sys.modules[__name__] = kernel  # last: until then other threads wait for this import
