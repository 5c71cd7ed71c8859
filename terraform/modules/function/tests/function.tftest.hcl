# SPDX-License-Identifier: Apache-2.0
mock_provider "aws" {
  source = "../../tests/aws"
}

variables {
  name             = "financial-etl-test"
  package_file     = "main.tf" # any file: it is only hashed
  raw_bucket       = { name = "in", arn = "arn:aws:s3:::in" }
  processed_bucket = { name = "out", arn = "arn:aws:s3:::out" }
  kms_key_arn      = "arn:aws:kms:eu-central-1:111122223333:key/1"
}

run "function" {
  assert {
    condition     = aws_lambda_function.this.runtime == "provided.al2023" && aws_lambda_function.this.handler == "bootstrap"
    error_message = "The OS-only runtime starts bootstrap."
  }
  assert {
    condition     = aws_lambda_function.this.memory_size == 512 && aws_lambda_function.this.timeout == 300
    error_message = "512 MB, 300 seconds."
  }
  assert {
    condition     = aws_lambda_function.this.reserved_concurrent_executions == 10
    error_message = "A bound on how many run at once."
  }
  assert {
    condition     = aws_lambda_function.this.kms_key_arn == var.kms_key_arn
    error_message = "Its environment is encrypted with our key."
  }
  assert {
    condition     = one(aws_lambda_function.this.logging_config).log_format == "JSON" && one(aws_lambda_function.this.tracing_config).mode == "Active"
    error_message = "Logs are JSON, and there are traces."
  }
  assert {
    condition     = length(aws_lambda_function.this.vpc_config) == 0 && length(aws_iam_role_policy.network) == 0
    error_message = "Without a database it needs no network, and no rights to one."
  }
  assert {
    condition = one(aws_lambda_function.this.environment).variables == tomap({
      FINETL_PIPELINE              = "/opt/pipelines/financial_transactions.yaml"
      FINETL_RAW_BUCKET            = "in"
      FINETL_OUTPUT                = "s3://out"
      FINETL_WAREHOUSE             = "none"
      FINETL_PROCESSED_AT          = "false"
      POWERTOOLS_SERVICE_NAME      = "financial-etl-test"
      POWERTOOLS_METRICS_NAMESPACE = "finetl"
    })
    error_message = "What it is told without a database."
  }
}

run "log" {
  assert {
    condition     = aws_cloudwatch_log_group.this.name == "/aws/lambda/financial-etl-test" && one(aws_lambda_function.this.logging_config).log_group == aws_cloudwatch_log_group.this.name
    error_message = "Its log group is ours, not one that Lambda makes."
  }
  assert {
    condition     = aws_cloudwatch_log_group.this.retention_in_days == 365 && aws_cloudwatch_log_group.this.kms_key_id == var.kms_key_arn
    error_message = "The log is kept for a year, encrypted."
  }
}

run "started_by_our_bucket_only" {
  assert {
    condition     = aws_lambda_permission.s3.principal == "s3.amazonaws.com" && aws_lambda_permission.s3.source_arn == "arn:aws:s3:::in" && aws_lambda_permission.s3.source_account == "111122223333"
    error_message = "S3 may start it, for that bucket of this account."
  }
  assert {
    condition = (
      aws_s3_bucket_notification.raw.bucket == "in" && one(aws_s3_bucket_notification.raw.lambda_function).filter_prefix == "raw/" &&
      one(one(aws_s3_bucket_notification.raw.lambda_function).events) == "s3:ObjectCreated:*"
    )
    error_message = "Objects below raw/ are told."
  }
}

run "failures_are_kept" {
  assert {
    condition     = one(one(aws_lambda_function_event_invoke_config.this.destination_config).on_failure).destination == aws_sqs_queue.failed.arn
    error_message = "What fails goes to the queue."
  }
  assert {
    condition     = aws_lambda_function_event_invoke_config.this.maximum_retry_attempts == 2 && aws_lambda_function_event_invoke_config.this.maximum_event_age_in_seconds == 21600
    error_message = "Two more tries, within six hours."
  }
  assert {
    condition     = aws_sqs_queue.failed.kms_master_key_id == var.kms_key_arn && aws_sqs_queue.failed.message_retention_seconds == 1209600
    error_message = "The queue is encrypted, and keeps for 14 days."
  }
  assert {
    condition     = anytrue([for statement in data.aws_iam_policy_document.failed.statement : statement.effect == "Deny" && one(statement.condition).variable == "aws:SecureTransport"])
    error_message = "The queue is spoken to by TLS only."
  }
}

run "least_privilege" {
  assert {
    condition     = alltrue(flatten([for statement in data.aws_iam_policy_document.this.statement : [for action in statement.actions : !strcontains(action, "*")]]))
    error_message = "No action is a pattern."
  }
  assert {
    condition     = [for statement in data.aws_iam_policy_document.this.statement : statement.sid if contains(statement.resources, "*")] == ["Traces"]
    error_message = "Only traces are of no resource."
  }
  assert {
    condition     = [for statement in data.aws_iam_policy_document.this.statement : statement.resources if contains(statement.actions, "s3:PutObject")] == [toset(["arn:aws:s3:::out/claims/*"]), toset(["arn:aws:s3:::out/processed/*"]), toset(["arn:aws:s3:::out/rejects/*"]), toset(["arn:aws:s3:::out/reports/*"])]
    error_message = "It writes below its four prefixes, and not where files arrive."
  }
  assert {
    condition     = one([for statement in data.aws_iam_policy_document.this.statement : statement if statement.sid == "ReadArrived"]).resources == toset(["arn:aws:s3:::in/raw/*"])
    error_message = "It reads what arrives below its prefix."
  }
  assert {
    condition     = !anytrue([for statement in data.aws_iam_policy_document.this.statement : contains(statement.actions, "secretsmanager:GetSecretValue")])
    error_message = "Without a database there is no secret to read."
  }
}

run "with_a_database" {
  variables {
    database = { url = "postgresql://books:5432/finetl?sslmode=verify-full", secret_arn = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:rds!db-1" }
    network  = { subnet_ids = ["subnet-1", "subnet-2"], security_group_id = "sg-1" }
  }
  assert {
    condition     = one(aws_lambda_function.this.vpc_config).subnet_ids == toset(["subnet-1", "subnet-2"]) && one(aws_lambda_function.this.vpc_config).security_group_ids == toset(["sg-1"])
    error_message = "It lives where the database is."
  }
  assert {
    condition     = one(aws_lambda_function.this.environment).variables["FINETL_WAREHOUSE"] == "postgresql://books:5432/finetl?sslmode=verify-full&sslrootcert=/opt/certs/rds-global-bundle.pem"
    error_message = "The server proves by RDS's authority who it is."
  }
  assert {
    condition     = one(aws_lambda_function.this.environment).variables["FINETL_DB_SECRET_ARN"] == var.database.secret_arn && one(aws_lambda_function.this.environment).variables["FINETL_OUTPUT"] == "s3://out"
    error_message = "It is told where the password is, and writes files as well."
  }
  assert {
    condition     = one([for statement in data.aws_iam_policy_document.this.statement : statement.resources if statement.sid == "DatabasePassword"]) == toset([var.database.secret_arn])
    error_message = "It reads that secret."
  }
  assert {
    condition     = anytrue([for statement in data.aws_iam_policy_document.network.statement : statement.effect == "Deny" && one(statement.condition).variable == "lambda:SourceFunctionArn" if statement.sid == "CodeDoesNot"])
    error_message = "Only the platform makes network interfaces, not the function's code."
  }
}

run "database_only" {
  variables {
    writes_files = false
    database     = { url = "postgresql://books:5432/finetl?sslmode=verify-full", secret_arn = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:rds!db-1" }
    network      = { subnet_ids = ["subnet-1"], security_group_id = "sg-1" }
  }
  assert {
    condition     = !contains(keys(one(aws_lambda_function.this.environment).variables), "FINETL_OUTPUT")
    error_message = "It writes no files."
  }
  assert {
    condition     = !anytrue([for statement in data.aws_iam_policy_document.this.statement : contains(statement.actions, "s3:PutObject")])
    error_message = "And may not."
  }
}

run "sweeps_every_hour" {
  assert {
    condition     = aws_scheduler_schedule.sweep[0].schedule_expression == "rate(1 hour)" && aws_scheduler_schedule.sweep[0].kms_key_arn == var.kms_key_arn
    error_message = "What no event told of is looked for every hour."
  }
  assert {
    condition     = one(aws_scheduler_schedule.sweep[0].target).arn == aws_lambda_function.this.arn && one(one(aws_scheduler_schedule.sweep[0].target).dead_letter_config).arn == aws_sqs_queue.failed.arn
    error_message = "By the function itself; a sweep that cannot be begun lies with the failed events."
  }
  assert {
    condition     = jsondecode(one(aws_scheduler_schedule.sweep[0].target).input) == { finetl = "sweep", older_than = "18m", newer_than = "7d" }
    error_message = "Files whose event may be in one of its three tries are left to it, and those that a week has looked at."
  }
  assert {
    condition = { for statement in data.aws_iam_policy_document.sweep.statement : one(statement.actions) => one(statement.resources) if length(statement.actions) == 1 } == {
      "lambda:InvokeFunction" = "arn:aws:lambda:eu-central-1:111122223333:function:financial-etl-test"
      "sqs:SendMessage"       = aws_sqs_queue.failed.arn
    }
    error_message = "The schedule may start the function, and nothing else."
  }
  assert {
    condition = { for condition in one(data.aws_iam_policy_document.sweep_assume.statement).condition : condition.variable => one(condition.values) } == {
      "aws:SourceAccount" = "111122223333"
      "aws:SourceArn"     = "arn:aws:scheduler:eu-central-1:111122223333:schedule-group/financial-etl-test"
    }
    error_message = "Only this schedule takes its role."
  }
}

run "sweeps_less_often" {
  variables {
    sweep_hours = 6
    timeout_s   = 900
  }
  assert {
    condition     = aws_scheduler_schedule.sweep[0].schedule_expression == "rate(6 hours)" && jsondecode(one(aws_scheduler_schedule.sweep[0].target).input).older_than == "48m"
    error_message = "As often as it is said, and as late as three tries may end."
  }
}

run "sweeps_never" {
  variables {
    sweep_hours = null
  }
  assert {
    condition     = length(aws_scheduler_schedule.sweep) == 0 && length(aws_iam_role.sweep) == 0 && output.schedule_group == null
    error_message = "Where somebody else does it, nothing is left of it."
  }
}

run "settings_are_a_layer" {
  variables {
    settings_file = "role.tf"
  }
  assert {
    condition     = length(aws_lambda_function.this.layers) == 1 && aws_lambda_layer_version.settings[0].compatible_runtimes == toset(["provided.al2023"])
    error_message = "Pipelines and suites change without the program."
  }
}

run "other_packages_are_refused" {
  command = plan
  variables {
    package_sha256 = "0000000000000000000000000000000000000000000000000000000000000000"
  }
  expect_failures = [aws_lambda_function.this]
}

run "loading_nowhere_is_refused" {
  command = plan
  variables {
    writes_files = false
  }
  expect_failures = [aws_lambda_function.this]
}

run "a_database_without_its_network_is_refused" {
  command = plan
  variables {
    database = { url = "postgresql://books:5432/finetl?sslmode=verify-full", secret_arn = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:rds!db-1" }
  }
  expect_failures = [aws_lambda_function.this]
}

run "one_bucket_for_both_is_refused" {
  command = plan
  variables {
    processed_bucket = { name = "in", arn = "arn:aws:s3:::in" }
  }
  expect_failures = [var.processed_bucket]
}

run "passwords_in_the_environment_are_refused" {
  command = plan
  variables {
    environment = { SMTP_PASSWORD = "secret" }
  }
  expect_failures = [var.environment]
}

run "secrets_are_named" {
  variables {
    environment = { SMTP_PASSWORD = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:smtp" }
    secret_arns = ["arn:aws:secretsmanager:eu-central-1:111122223333:secret:smtp", "arn:aws:ssm:eu-central-1:111122223333:parameter/api"]
  }
  assert {
    condition = { for statement in data.aws_iam_policy_document.this.statement : statement.sid => one(statement.resources) if contains(["Secrets", "Parameters"], statement.sid) } == {
      Secrets    = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:smtp"
      Parameters = "arn:aws:ssm:eu-central-1:111122223333:parameter/api"
    }
    error_message = "Each is read by its own action."
  }
}

run "users_in_the_url_are_refused" {
  command = plan
  variables {
    database = { url = "postgresql://me:secret@books:5432/finetl?sslmode=verify-full", secret_arn = "arn" }
  }
  expect_failures = [var.database]
}

# Lambda takes a line without a level for one of INFO, and metrics are such lines.
run "levels_that_lose_metrics_are_refused" {
  command = plan
  variables {
    log_level = "WARN"
  }
  expect_failures = [var.log_level]
}

run "waits_for_the_database_as_long_as_there_is_time" {
  variables {
    database = { url = "postgresql://books:5432/finetl?sslmode=verify-full", secret_arn = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:books" }
    network  = { subnet_ids = ["subnet-1"], security_group_id = "sg-1" }
  }
  assert {
    condition     = one(aws_lambda_function.this.environment).variables["FINETL_WAIT"] == "240s"
    error_message = "Runs into one database take turns: many files at once wait for one another, and should not end as failed events."
  }
}

run "missing_packages_are_refused" {
  command = plan
  variables {
    package_file = "no-such-file.zip"
  }
  expect_failures = [var.package_file]
}
