# SPDX-License-Identifier: Apache-2.0
mock_provider "aws" {
  source = "../../tests/aws"
}

run "staging" {
  assert {
    condition     = !var.database.multi_az && length(output.replica_addresses) == 0
    error_message = "The smallest database there is."
  }
}
