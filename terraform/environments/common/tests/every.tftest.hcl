# SPDX-License-Identifier: Apache-2.0
# What holds in every environment, with the values of that one.
mock_provider "aws" {
  source = "../../tests/aws"
}

run "every" {
  assert {
    condition     = module.buckets.raw.name != module.buckets.processed.name
    error_message = "Input and output are apart."
  }
  assert {
    condition     = output.function_name == "financial-etl-${var.environment}" && output.function_log_group == "/aws/lambda/financial-etl-${var.environment}"
    error_message = "Names have the environment in them."
  }
  assert {
    condition     = length(output.alarm_names) == (var.database == null ? 12 : 16 + 4 * var.database.n_read_replicas)
    error_message = "What is there is watched."
  }
  assert {
    condition     = length(module.network) == (var.database == null ? 0 : 1) && length(module.database) == length(module.network)
    error_message = "A network where there is a database, and only there."
  }
  assert {
    condition     = output.database_url == null || try(endswith(output.database_url, "sslmode=verify-full"), false)
    error_message = "The server must prove who it is."
  }
  assert {
    condition     = module.budget.name == "financial-etl-${var.environment}" && var.budget_dollars > 0
    error_message = "There is a budget."
  }
}

run "an_owner_is_named" {
  command = plan
  variables {
    tags = { owner = "somebody" }
  }
  expect_failures = [var.tags]
}
