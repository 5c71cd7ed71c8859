# SPDX-License-Identifier: Apache-2.0
mock_provider "aws" {
  source = "../../tests/aws"
}

variables {
  name = "financial-etl-test"
}

run "key" {
  assert {
    condition     = aws_kms_key.this.enable_key_rotation
    error_message = "The key is changed every year."
  }
  assert {
    condition     = aws_kms_key.this.deletion_window_in_days == 30
    error_message = "A destroyed key can be brought back."
  }
  assert {
    condition = alltrue([
      for statement in data.aws_iam_policy_document.key.statement : length(statement.condition) > 0
      if anytrue([for principal in statement.principals : principal.type == "Service"])
    ])
    error_message = "A service may use the key for this account only."
  }
  assert {
    condition = alltrue(flatten([
      for statement in data.aws_iam_policy_document.key.statement : [for principal in statement.principals : !contains(principal.identifiers, "*")]
    ]))
    error_message = "The key is nobody's but the account's and its services'."
  }
}

run "deletion_window_is_checked" {
  command = plan
  variables {
    deletion_window_days = 3
  }
  expect_failures = [var.deletion_window_days]
}
