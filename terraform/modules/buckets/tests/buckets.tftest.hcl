# SPDX-License-Identifier: Apache-2.0
mock_provider "aws" {
  source = "../../tests/aws"
}

variables {
  name               = "financial-etl"
  suffix             = "test-111122223333"
  kms_key_arn        = "arn:aws:kms:eu-central-1:111122223333:key/1"
  function_role_name = "financial-etl-test-function"
  rejects_readers    = ["arn:aws:iam::111122223333:role/stewards"]
}

run "three_buckets" {
  assert {
    condition     = output.raw.name == "financial-etl-raw-data-test-111122223333" || local.raw == "financial-etl-raw-data-test-111122223333"
    error_message = "The raw bucket's name."
  }
  assert {
    condition     = local.processed == "financial-etl-processed-data-test-111122223333"
    error_message = "The processed bucket's name."
  }
  assert {
    condition     = length(distinct([local.raw, local.processed, local.logs])) == 3
    error_message = "Input, output and access logs are apart."
  }
}

run "marks_outlive_what_they_are_of" {
  variables {
    raw_expire_days = 60
  }
  assert {
    condition     = local.marks_expire_days == 90
    error_message = "A file that is still there is never taken for one that was not done."
  }
}

run "rejects_are_apart" {
  assert {
    condition = anytrue([
      for statement in data.aws_iam_policy_document.rejects.statement : statement.effect == "Deny" &&
      one(statement.resources) == "arn:aws:s3:::financial-etl-processed-data-test-111122223333/rejects/*" &&
      one(statement.condition).test == "ArnNotLike" &&
      one(statement.condition).values == tolist(["arn:aws:iam::111122223333:role/financial-etl-test-function", "arn:aws:iam::111122223333:role/stewards"])
    ])
    error_message = "Nobody but the function and those named reads rejected records."
  }
}

run "access_logs_are_written_by_s3_only" {
  assert {
    condition = alltrue([
      for statement in data.aws_iam_policy_document.logs.statement : one(one(statement.principals).identifiers) == "logging.s3.amazonaws.com" && length(statement.condition) == 2
    ])
    error_message = "S3 writes access logs, for these buckets of this account."
  }
}

run "long_names_are_refused" {
  command = plan
  variables {
    suffix = "an-account-with-a-name-of-its-own"
  }
  expect_failures = [var.suffix]
}
