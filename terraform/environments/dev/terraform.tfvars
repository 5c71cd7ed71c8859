# SPDX-License-Identifier: Apache-2.0
# Development: files only. Without a database there is no network, and next to nothing to pay while nothing arrives.
environment = "dev"
tags        = { owner = "data-team", cost_center = "development" }
emails      = ["data-team@example.com"]

throw_away           = true
log_level            = "DEBUG"
reserved_concurrency = 2
no_data_hours        = 168
budget_dollars       = 20

raw_expire_days          = 60
processed_expire_days    = 60
rejects_expire_days      = 30
former_versions_days     = 7
key_deletion_window_days = 7
