# SPDX-License-Identifier: Apache-2.0
mock_provider "aws" {
  source = "../../tests/aws"
}

run "prod" {
  assert {
    condition     = module.database[0].deletion_protection
    error_message = "The database cannot be deleted."
  }
  assert {
    condition     = !var.throw_away && var.database.multi_az && var.database.backup_retention_days == 35
    error_message = "Nothing goes by one command, a second server stands by, and any second of five weeks can be brought back."
  }
  assert {
    condition     = length(output.replica_addresses) == 1
    error_message = "Those who ask have a server of their own."
  }
  assert {
    condition     = var.log_retention_days >= 2192 && var.raw_expire_days >= 2192 && var.processed_expire_days >= 2192
    error_message = "Logs and files are kept for six years and more."
  }
}
