# SPDX-License-Identifier: Apache-2.0
"""Where finetl's answer to a case is another than Great Expectations', on purpose.

By the names of cases, with the reason; docs/great-expectations.md has the table for users. A case
that is named here and agrees after all is a failure too, so that the list stays true.
"""

DIFFERENCES = {}
