# SPDX-License-Identifier: Apache-2.0
# Staging: as production, on the smallest machine, in one zone, for a year at most.
environment = "staging"
tags        = { owner = "data-team", cost_center = "development" }
emails      = ["data-team@example.com"]

throw_away           = true
reserved_concurrency = 5
no_data_hours        = 74 # over a weekend
budget_dollars       = 100

raw_expire_days       = 365
processed_expire_days = 365

flow_log_traffic = "REJECT"
database = {
  instance_class        = "db.t4g.micro"
  multi_az              = false
  backup_retention_days = 3
}
