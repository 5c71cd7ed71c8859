# SPDX-License-Identifier: Apache-2.0
# Production: a second server in another zone, a replica for those who ask, nothing that can be deleted by one command, and logs
# for six years.
environment = "prod"
tags        = { owner = "data-team", cost_center = "finance" }
emails      = ["data-team@example.com", "on-call@example.com"]

throw_away           = false
reserved_concurrency = 20
no_data_hours        = 26
budget_dollars       = 500
log_retention_days   = 2192

raw_expire_days       = 2557 # seven years
processed_expire_days = 2557
rejects_expire_days   = 365
former_versions_days  = 90

database = {
  instance_class        = "db.t4g.medium"
  storage_gb            = 100
  max_storage_gb        = 1000
  multi_az              = true
  backup_retention_days = 35
  n_read_replicas       = 1
  max_connections       = 250
}
