# SPDX-License-Identifier: Apache-2.0
mock_provider "aws" {
  source = "../../tests/aws"
}

run "dev" {
  assert {
    condition     = output.database_url == null && output.security_group_id == null
    error_message = "Development has nothing that costs while it does nothing."
  }
}

run "dev_with_a_database" {
  variables {
    database = {}
  }
  assert {
    condition     = !module.database[0].deletion_protection
    error_message = "What is thrown away can be."
  }
}
